// Sixteen random hex digits make a sample: long enough that every hash spreads them,
// and free of the characters that tags are made of in practice.
#include "ringway/ring/movement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "ringway/base/assert.h"
#include "ringway/ring/key_hash.h"

namespace ringway::ring {
namespace {

using Pair = std::pair<std::uint32_t, std::uint32_t>;

std::array<char, 16> sample_key(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 16> key;
  std::uint64_t bits = hash::mixed(number + 1);
  for (char& c : key) {
    c = digits[bits & 15];
    bits >>= 4;
  }
  return key;
}

std::uint32_t owner(const Placement& placement, Bytes key, const LiveSet& all) {
  return *placement.distribution.pick(key_hash(placement.hash, placement.tag, key), all);
}

bool differ(const hash::HashTag& a, const hash::HashTag& b) {
  if (a.enabled != b.enabled) return true;
  return a.enabled && (a.open != b.open || a.close != b.close);
}

std::vector<Flow> flows(const std::map<Pair, std::uint32_t>& counts, const Placement& before,
                        const Placement& after, std::uint32_t samples) {
  std::vector<Flow> result;
  for (const auto& [pair, count] : counts) {
    result.push_back({.from = before.members[pair.first].name,
                      .to = after.members[pair.second].name,
                      .share = static_cast<double>(count) / samples});
  }
  std::ranges::stable_sort(result, std::ranges::greater(), &Flow::share);
  return result;
}

}  // namespace

Movement movement(const Placement& before, const Placement& after, std::span<const int> successor,
                  std::uint32_t samples) {
  RINGWAY_ASSERT(samples > 0);
  RINGWAY_ASSERT(successor.size() == before.members.size());
  RINGWAY_ASSERT(!before.members.empty() && !after.members.empty());
  const LiveSet all_before(before.distribution.servers());
  const LiveSet all_after(after.distribution.servers());
  std::map<Pair, std::uint32_t> counts;
  std::uint32_t moved = 0;
  for (std::uint32_t i = 0; i < samples; ++i) {
    const auto text = sample_key(i);
    const Bytes key(text.data(), text.size());
    const std::uint32_t from = owner(before, key, all_before);
    const std::uint32_t to = owner(after, key, all_after);
    if (successor[from] == static_cast<int>(to)) continue;
    ++counts[{from, to}];
    ++moved;
  }
  const double share = static_cast<double>(moved) / samples;
  return {.moved = share,
          .error = std::sqrt(share * (1 - share) / samples),
          .flows = flows(counts, before, after, samples),
          .samples = samples,
          .tags_differ = differ(before.tag, after.tag)};
}

}  // namespace ringway::ring
