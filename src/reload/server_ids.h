// When the id of a server, and the counters under its name, may be used for something
// else: when every worker has left the snapshots that had it, and the server itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "worker/crew.h"

namespace ringway::reload {

class ServerIds {
 public:
  explicit ServerIds(worker::Crew& crew) : crew_(crew) {}

  // Workers were told to go from one to the other.
  void switched(const snapshot::Snapshot& before, const snapshot::Snapshot& after);
  // Releases what every worker has settled without.
  void release();

  std::size_t waiting() const { return gone_.size(); }

 private:
  struct Gone {
    pool::ServerId id;
    std::uint64_t since;  // The first generation without it.
  };
  struct GoneName {
    std::string pool;
    std::string server;  // Empty: the pool itself.
    std::uint64_t since;
  };

  std::uint64_t settled() const;

  worker::Crew& crew_;
  std::vector<Gone> gone_;
  std::vector<GoneName> gone_names_;
};

}  // namespace ringway::reload
