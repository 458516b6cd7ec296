// When the id of a server, and the counters under its name, may be used for something
// else: when every worker has left the snapshots that had it, and the server itself, and no
// HTTP thread looks at such a snapshot any more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "worker/shared.h"

namespace ringway::reload {

class ServerIds {
 public:
  explicit ServerIds(worker::Shared& shared) : shared_(shared) {}

  // Workers were told to go from one to the other.
  void switched(const std::shared_ptr<const snapshot::Snapshot>& before,
                const snapshot::Snapshot& after);
  // One that no worker was told of does not come into force.
  void given_up(const snapshot::Snapshot& next, const snapshot::Snapshot& present);
  // Releases what nobody knows any more.
  void release();

  std::size_t waiting() const { return gone_.size() + gone_names_.size(); }

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

  struct Past {
    std::uint64_t generation;
    std::weak_ptr<const snapshot::Snapshot> snapshot;
  };

  std::uint64_t settled() const;
  std::uint64_t looked_at();

  worker::Shared& shared_;
  std::vector<Past> past_;  // Somebody may still look at them; the oldest first.
  std::vector<Gone> gone_;
  std::vector<GoneName> gone_names_;
};

}  // namespace ringway::reload
