// The guard of a pool: how many of its servers may be out of the ring at a time, whatever
// they do. A fault near ringway must not empty the ring. Pure.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ringway::proxy {

// Of `members` servers; the last one never leaves, whatever this says.
constexpr std::size_t most_out(std::size_t members, double max_ejected) {
  const auto share = static_cast<double>(members) * max_ejected;
  return std::max<std::size_t>(1, static_cast<std::size_t>(share));
}

}  // namespace ringway::proxy
