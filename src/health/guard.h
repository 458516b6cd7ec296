// The guard of a pool: how many of its servers may be out of the ring at a time, whatever
// they do. A fault near ringway must not empty the ring. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "board/standing.h"

namespace ringway::proxy {

// Of `members` servers; the last one never leaves, whatever this says.
constexpr std::size_t most_out(std::size_t members, double max_ejected) {
  // 0.29 of 100 are 29, whatever a double makes of it.
  const auto share = static_cast<double>(members) * max_ejected + 1e-9;
  return std::max<std::size_t>(1, static_cast<std::size_t>(share));
}

// Where a member stands that failed too often, beside `others`. Who is out by hand has no place of
// those that max_ejected leaves, but is nobody who is left either.
constexpr Standing standing_out(std::span<const Standing> others, double max_ejected,
                                bool unresolved) {
  const auto is_out = [](Standing one) {
    return one == Standing::ejected || one == Standing::unresolved;
  };
  const auto out = static_cast<std::size_t>(std::ranges::count_if(others, is_out));
  const bool some_left = std::ranges::any_of(others, in_ring);
  if (!some_left || out >= most_out(others.size() + 1, max_ejected)) return Standing::held;
  return unresolved ? Standing::unresolved : Standing::ejected;
}

}  // namespace ringway::proxy
