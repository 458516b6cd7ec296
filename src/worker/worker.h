// One worker: one thread, one Io, its clients and its connections to servers. It
// shares nothing on the hot path. One turn:
//
//   wait -> dispatch every completion -> letters -> deadlines and timers
//        -> go on with what waited -> one send per touched server
//        -> one send per touched client -> free what is dead
//
// Between two turns nobody holds anything of a snapshot: there it is swapped.
#pragma once

#include <cstdint>
#include <vector>

#include "clients/clients.h"
#include "exchange/worker_parts.h"
#include "executor/executor.h"
#include "health/health.h"
#include "servers/servers.h"
#include "worker/acceptors.h"
#include "worker/shared.h"

namespace ringway::worker {

class Worker {
 public:
  // Deadlines wait for so many turns at most until everything ready was seen.
  static constexpr std::uint32_t undrained_turns_max = 63;
  // Memory that was not needed for so long goes back.
  static constexpr Duration sweep_every = std::chrono::seconds(1);

  // `io` is made on the thread that calls turn().
  Worker(std::uint32_t number, net::Io& io, Shared& shared);
  ~Worker();

  void turn();
  // True once Stop was obeyed and everything has come home; turn() is over then.
  bool stopped() const;

  // What the simulator's checkers look at.
  proxy::Clients& clients() { return clients_; }
  proxy::Servers& servers() { return servers_; }
  const proxy::WorkerParts& parts() const { return parts_; }
  std::size_t open_exchanges() const { return exchanges_.in_use(); }
  // Asserts what must hold between two turns.
  void check_invariants();

 private:
  void dispatch(const net::Completion& done);
  void read_mail();
  void obey(const Adopt& adopt);
  void obey(const Listen& listen);
  void obey(const Unlisten& unlisten);
  void obey(const StopListening&);
  void obey(const TakeClient& client);
  void obey(const DrainListener& drain);
  void obey(const Drain& drain);
  void obey(const Reconsider& what);
  void obey(const Relocate& what);
  void obey(const Stop&);
  void adopt_memory();
  void adopt_pools(const snapshot::Snapshot* before);
  void take_client(const TakeClient& client);
  void run_timers();
  void drain_some();
  void sweep();
  void update_live();
  void look_who_is_live();
  void move_budgets_on();
  void end_turn();
  bool pay_what_is_owed();
  bool waits_for_debts();

  Shared& shared_;
  WorkerReport& report_;
  proxy::WorkerParts parts_;
  proxy::Exchanges exchanges_;
  proxy::Line line_;
  proxy::Executor executor_;
  proxy::Clients clients_;
  proxy::Servers servers_;
  proxy::Health health_;
  Acceptors acceptors_;
  net::Timer drain_timer_;
  net::Timer sweep_timer_;  // Runs while much is kept for reuse: an idle worker sleeps on.
  Duration drain_step_{};
  std::vector<net::Handle> leaving_;  // Clients that draining has not come to yet.
  bool draining_ = false;
  Instant pays_at_{};           // At the end: not before.
  Instant pays_until_ = never;  // Set while the end waits for what is owed alone.
  bool stopping_ = false;
  std::uint32_t undrained_turns_ = 0;  // In a row.
  std::uint64_t live_version_ = 0;
  Instant budgets_at_{};  // When retry budgets were last told what is recent.
  std::vector<net::Timer*> fired_;
};

}  // namespace ringway::worker
