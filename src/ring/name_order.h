// The two orders in which servers are laid out, both independent of the order of the
// file: by bytes for `ring`, and twemproxy's (shorter names first, then by bytes) for
// the distributions that must place keys as it does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "ringway/ring/distribution.h"

namespace ringway::ring {

inline bool bytes_before(std::string_view a, std::string_view b) {
  return a < b;
}

inline bool shorter_before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Indices into `members`, sorted by name; of equal names the first given comes first.
inline std::vector<std::uint32_t> in_order(std::span<const Member> members,
                                           bool (*before)(std::string_view, std::string_view)) {
  std::vector<std::uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return before(members[a].name, members[b].name);
  });
  return order;
}

}  // namespace ringway::ring
