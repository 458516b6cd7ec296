// The listening sockets of the process, and the listeners that retire: sockets are closed
// here alone, when worker 0 has nothing in flight on them. All of a configuration's are
// opened or none.
#pragma once

#include <expected>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringway/config/problem.h"

#include "reload/control_env.h"
#include "reload/listener_plan.h"
#include "worker/shared.h"

namespace ringway::reload {

// Why a socket cannot be opened, at its key's place.
config::Problem told_of(const SocketToOpen& socket, const net::NoSocket& why);

// All of them, or none and whatever is wrong with each that failed. Blocks for as long as
// opening does.
using Opened = std::expected<std::vector<OpenSocket>, config::Problems>;
Opened open_sockets(const std::vector<SocketToOpen>& wanted, ControlEnv& env);
void close_sockets(const std::vector<OpenSocket>& sockets, ControlEnv& env);

class Listeners {
 public:
  // Whether somebody has removed the file of a unix socket.
  static constexpr Duration look_every = std::chrono::seconds(3);

  Listeners(worker::Shared& shared, ControlEnv& env) : shared_(shared), env_(env) {}
  ~Listeners();

  // As they are at this moment.
  std::vector<OpenSocket> sockets() const;

  // Sockets that are kept get their new settings: all of them, or none and what is wrong.
  config::Problems adjust(const std::vector<SocketToAdjust>& sockets);
  // Worker 0 accepts on what is `opened` or kept, and no more on the rest. Its snapshot
  // has the listeners by then.
  // `patience`: how long clients of those that retire may stay.
  void take_over(const ListenerPlan& plan, std::vector<OpenSocket> opened, Duration patience);
  // Nothing is left of what the last plan gave up. Looks, and closes what can be closed.
  bool settled();

  // Clients of listeners that retire are asked to leave when their time is over.
  void step();
  Instant next() const;
  // Some listener that retires has no client left.
  bool any_over() const;
  // Some socket was found to be lost and is to be made anew. Told once for each look.
  bool take_lost() { return std::exchange(lost_, false); }

  // Worker 0 accepts on none any more.
  bool silent() const;
  // Once silent: whoever the kernel has let in already is dealt to the workers.
  void take_waiting();
  void close();
  // As close(), while worker 0 stands still.
  void abandon();

 private:
  struct Leaving {
    snapshot::ListenerId id;
    std::string name;
    Instant until;
    bool asked = false;
  };

  void announce(const OpenSocket& socket);
  void retire(const std::vector<snapshot::Retiring>& retiring, Duration patience);
  void look_for_lost();
  void deal_waiting(const OpenSocket& socket);
  bool has_clients(snapshot::ListenerId id) const;

  worker::Shared& shared_;
  ControlEnv& env_;
  std::vector<OpenSocket> open_;
  std::vector<OpenSocket> closing_;  // Worker 0 may still have an operation in flight.
  std::vector<Leaving> leaving_;
  std::uint64_t announced_ = 0;  // Letters to worker 0.
  std::uint32_t next_worker_ = 0;
  Instant look_at_ = never;  // While there are unix sockets.
  bool lost_ = false;
  std::set<int> told_lost_;
  std::map<snapshot::ListenerId, std::string> names_;  // Of those that do not retire.
};

}  // namespace ringway::reload
