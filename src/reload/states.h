// What operators ask of single servers: `state` in the file, or by hand for the moment,
// which wins until it is set back to auto and outlives reloads. Here it is only asked for:
// a server's home worker makes it so.
#pragma once

#include "ringway/snapshot/snapshot.h"

#include "worker/crew.h"

namespace ringway::reload {

class States {
 public:
  explicit States(worker::Crew& crew) : crew_(crew) {}

  // As the file has them. `starting`: no worker has heard of any server yet.
  void adopt(const snapshot::Snapshot& snapshot, bool starting);
  // One that no worker has heard of yet.
  void introduce(const pool::Server& server);

 private:
  worker::Crew& crew_;
};

}  // namespace ringway::reload
