// The share of a listener's keys that go to another machine because its route leads elsewhere: what
// the comparison of pools by their names cannot see. Judged by the plans that traffic would use, of
// sampled keys with every server live; where the pool stays, its own movement is more exact
// (difference.h).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ringway/config/config.h"

namespace ringway::reload {

struct ListenerMovement {
  std::string name;
  std::string before;  // The pools it leads to.
  std::string after;
  double moved = 0;          // Part of all keys, 0 to 1.
  std::size_t servers = 0;   // That owned its keys before.
  bool tags_differ = false;  // Then keys that carry either tag move too: not counted.
};

// Of the listeners that are on both sides and lead to another pool, in the order of `after`.
// Requires: both have been checked.
std::vector<ListenerMovement> listener_movements(const config::Config& before,
                                                 const config::Config& after);

}  // namespace ringway::reload
