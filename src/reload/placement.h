// A pool of the configuration as that which decides where its keys live: hash, tag,
// distribution and the servers that own keys (backups do not). For commands that
// reason about keys without running.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/ring/distribution.h"
#include "ringway/ring/movement.h"

namespace ringway::reload {

// The servers that own keys, in the order of the file.
std::vector<const config::Server*> key_owners(const config::Pool& pool);
std::vector<ring::Member> members_of(const config::Pool& pool);

// What `ring` gives to pools that are not too heavy.
inline constexpr std::uint32_t vnodes_per_weight_full = 1024;

// Of `ring`, which halves this number for a whole pool that has too many vnodes, and moves
// keys when it does; 0 for the other distributions.
std::uint32_t vnodes_per_weight(const config::Pool& pool, const std::vector<ring::Member>& members,
                                const ring::Distribution& built);

class PoolPlacement {
 public:
  explicit PoolPlacement(const config::Pool& pool);

  ring::Placement placement() const;

  std::uint32_t vnodes_per_weight() const;

 private:
  const config::Pool& pool_;
  std::vector<ring::Member> members_;
  std::unique_ptr<ring::Distribution> distribution_;
};

}  // namespace ringway::reload
