// Pools, hashes and counts that the tests of distributions share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"

namespace ringway::ring {

inline std::vector<Member> weighted(const std::vector<std::uint32_t>& weights) {
  std::vector<Member> members;
  for (const std::uint32_t weight : weights) {
    members.push_back({.name = "cache-" + std::to_string(members.size()), .weight = weight});
  }
  return members;
}

inline std::vector<Member> equal(std::size_t servers) {
  return weighted(std::vector<std::uint32_t>(servers, 1));
}

inline std::unique_ptr<Distribution> build(std::string_view kind,
                                           const std::vector<Member>& members) {
  return find(kind)->build(members);
}

// The hash of the n-th of a sequence of keys without pattern.
inline KeyHash nth_hash(std::uint64_t n) {
  const std::uint64_t wide = hash::mixed(n + 1);
  return {.wide = wide, .narrow = static_cast<std::uint32_t>(wide)};
}

}  // namespace ringway::ring
