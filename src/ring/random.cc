// `random`: any live server, weights ignored. This code is pure, so the caller brings
// the chance: `wide` is a fresh random number per key, not the key's hash.
#include "ring/builders.h"
#include "ring/slot_distribution.h"

namespace ringway::ring {

std::unique_ptr<Distribution> build_random(std::span<const Member> members) {
  constexpr SlotDistribution::Kind random{.name = "random", .weighted = false, .wide = true};
  return std::make_unique<SlotDistribution>(random, members);
}

}  // namespace ringway::ring
