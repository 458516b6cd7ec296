// The guard of a pool: how many of its servers may be out of the ring at a time, whatever
// they do. A fault near ringway must not empty the ring. Pure.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ringway::proxy {

// Of `members` servers; the last one never leaves, whatever this says.
constexpr std::size_t most_out(std::size_t members, double max_ejected) {
  // 0.29 of 100 are 29, whatever a double makes of it.
  const auto share = static_cast<double>(members) * max_ejected + 1e-9;
  return std::max<std::size_t>(1, static_cast<std::size_t>(share));
}

}  // namespace ringway::proxy
