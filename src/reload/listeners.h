// The listening sockets of the process: opened and closed here alone, accepted on by
// worker 0. All of a snapshot's are opened or none.
#pragma once

#include <string>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/snapshot/snapshot.h"

#include "reload/world.h"
#include "worker/crew.h"

namespace ringway::reload {

class Listeners {
 public:
  Listeners(worker::Crew& crew, World& world) : crew_(crew), world_(world) {}
  ~Listeners();

  // Process-wide, across snapshots: the same name has the same id.
  snapshot::ListenerId id_of(const std::string& name);

  Result<void> open(const snapshot::Snapshot& snapshot);
  // Worker 0 accepts on them from now on.
  void announce();
  // Whoever the kernel has let in already is dealt to the workers. Nothing may be in
  // flight on the sockets any more.
  void take_waiting();
  void close();

 private:
  struct Open {
    int fd;
    snapshot::ListenerId id;
  };

  worker::Crew& crew_;
  World& world_;
  std::vector<std::string> names_;  // By ListenerId.
  std::vector<Open> open_;
};

}  // namespace ringway::reload
