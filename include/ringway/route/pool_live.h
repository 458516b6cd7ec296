// Who takes traffic now, of one pool: what a plan is made from beside the key. A copy
// of the board that each worker makes when it changed; constant within a turn.
#pragma once

#include <cstdint>
#include <vector>

#include "ringway/ring/live_set.h"

namespace ringway::route {

struct PoolLive {
  static constexpr std::uint32_t no_backup = ~std::uint32_t{0};

  PoolLive() = default;
  // All members are there.
  explicit PoolLive(std::uint32_t members)
      : live(members), joined(members), backup_of(members, no_backup) {}

  ring::LiveSet live;    // Gets its keys: those up, and those held in spite of failures.
  ring::LiveSet joined;  // Owns keys, there or not: all but servers that are only joining.
  bool all_up = true;    // Nobody is out, held or joining: the usual case.
  std::vector<std::uint32_t> backup_of;  // By member: whose place it took, as an index into
                                         // Pool::servers; no_backup if none did.
};

}  // namespace ringway::route
