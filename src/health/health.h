// Who is out and who comes back. Each pool has one home worker; its Health alone says how
// the pool's servers stand (standing.h), after what all workers report on the board, what
// its own checks and probes find, and what the operator asks for. It acts when called
// (HomeWorkers) and by its own timers, never within a request.
//
//                    good check                          too many failures,
//      joining ------------------------> up <-------+    `fall` bad checks
//                                        |          |
//         drained, maintenance <--hand-->|          | `rise` good probes, retry_after over,
//                                        v          | owed deletes delivered
//                        guard: ejected  or  held --+
//                               unresolved (no address)
//
// A check is `version` on the connection that traffic uses; the probe of a server that is
// out is the home worker's own attempt to connect, then the same. Users' requests never are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "board/server_news.h"
#include "exchange/worker_parts.h"
#include "executor/executor.h"
#include "log/log.h"
#include "net/timer_wheel.h"
#include "servers/servers.h"

namespace ringway::proxy {

class Health final : public ServerNews {
 public:
  // Probes of a server that is out: the first after a second, then slower and slower.
  static constexpr Duration probe_first = std::chrono::seconds(1);
  static constexpr Duration probe_slowest = std::chrono::seconds(15);
  // While nobody of the pool is up, and of held servers.
  static constexpr Duration probe_urgent = std::chrono::seconds(2);
  // An ejection so soon after a readmission doubles the wait for the next one.
  static constexpr Duration flapping_within = std::chrono::minutes(5);
  // Where writes go on all the time, something new is owed with every answer: what came
  // after the good probes does not keep a server out for longer.
  static constexpr Duration owed_patience = std::chrono::seconds(1);
  // Owed deletes that a server which is up did not get are tried again so soon.
  static constexpr Duration owed_again = std::chrono::seconds(1);
  // One that is in doubt is asked again so soon where its answer did not come.
  static constexpr Duration doubt_again = std::chrono::seconds(1);
  // Owed deletes under way at a time.
  static constexpr std::uint32_t owed_batch = 128;
  // With those of its connections and its name ten a minute.
  static constexpr std::uint32_t lines_per_minute_max =
      10 - BoardEntry::lines_per_minute_max - BoardEntry::name_lines_per_minute_max;

  Health(WorkerParts& parts, Servers& servers, Executor& executor);
  ~Health();

  // Takes over the pools of the present snapshot whose home is this worker.
  void adopt();
  // Something about this server changed: look at it again. Of other homes: nothing happens.
  void reconsider(pool::ServerId server);
  void on_timer(net::Timer& timer);
  // At the end: sends it whatever it is owed. Proves nothing.
  void deliver(pool::ServerId server);

  // ServerNews
  void on_proved(pool::ServerId server) override;
  void on_disproved(pool::ServerId server, std::string_view cause) override;
  void on_ready(pool::ServerId server) override;
  void on_owed_answered(pool::ServerId server, bool done) override;
  void on_owed_failed(pool::ServerId server, std::string key) override;

  // No more checks: the end of the worker.
  void stop();

 private:
  struct Pool;
  struct Watched;

  void watch(Pool& pool, const pool::Server& server);
  void check_otherwise(Watched& server);
  void forget_missing();
  Watched* find(pool::ServerId server);

  Standing standing(const Watched& server) const;
  void stand(Watched& server, Standing standing, std::string_view cause);
  void prove_anew(Watched& server);
  void ask_for(Watched& server, config::ServerState asked);
  void keep_out(Watched& server, config::ServerState asked);
  void look_at_name(Watched& server);
  void eject(Watched& server, std::string_view cause);
  Standing out_standing(const Watched& server) const;
  bool anybody_up(const Pool& pool) const;
  void come_back(Watched& server);
  bool has_what_was_owed(const Watched& server) const;
  void readmit(Watched& server);
  bool eject_held(Pool& pool);
  bool needs_backup(const Watched& member) const;
  void assign_backups(Pool& pool);
  void prepare_backups(const Watched& leaving, Standing next);
  std::optional<pool::ServerId> free_backup(const Pool& pool, std::uint32_t member,
                                            const Watched* leaving = nullptr) const;

  Instant nobody_asked_since(const Watched& server) const;
  void deliver_owed(Watched& server);
  void connect_to_deliver(Watched& server);
  void deliver_again(Watched& server);

  void check_again(Watched& server);
  void check_in(Watched& server, Duration in);
  void probe_again(Watched& server);
  bool is_checked(const Watched& server) const;
  void probe_soon(Watched& server);
  void ask_in_doubt(Watched& server);
  void hurry_probes(Pool& pool);
  void hurry_probe(Watched& server);
  void return_failed(Watched& server, std::string_view cause);
  void ask(Watched& server);
  void check_timed_out(Watched& server);
  Duration off_by(Duration time, double share);
  void set_timer(Watched& server, Duration in);

  void say(const Watched& server, log::Level level, std::string_view event, std::string_view what);
  std::string keys_go(const Watched& server, Standing standing) const;

  WorkerParts& parts_;
  Servers& servers_;
  Executor& executor_;
  std::map<std::string, std::unique_ptr<Pool>> pools_;  // By name.
  std::map<pool::ServerId, std::unique_ptr<Watched>> watched_;
  log::RateLimit lines_{lines_per_minute_max};
  bool stopped_ = false;
  bool ending_ = false;
};

}  // namespace ringway::proxy
