// `modula`: the 32-bit hash modulo the sum of weights, servers in twemproxy's order
// of names. Adding or removing a server moves nearly every key; it is here for those
// who already have it.
#include "ring/builders.h"
#include "ring/slot_distribution.h"

namespace ringway::ring {

std::unique_ptr<Distribution> build_modula(std::span<const Member> members) {
  constexpr SlotDistribution::Kind modula{.name = "modula", .weighted = true, .wide = false};
  return std::make_unique<SlotDistribution>(modula, members);
}

}  // namespace ringway::ring
