// The table of distributions: what configuration, help and reference know of them. A
// new one is a line here, a declaration in builders.h and a file.
#include <algorithm>
#include <array>

#include "ring/builders.h"

namespace ringway::ring {
namespace {

constexpr std::array<DistributionKind, 4> table{{
    {"ring", build_ring, "1,024 points per unit of weight on a 64-bit circle: the default"},
    {"ketama", build_ketama, "twemproxy's and libmemcached's weighted ketama, bit for bit"},
    {"modula", build_modula, "hash modulo weights, as twemproxy: a new server moves most keys"},
    {"random", build_random, "any live server for each request: for stateless servers only"},
}};

}  // namespace

std::span<const DistributionKind> kinds() {
  return table;
}

const DistributionKind* find(std::string_view name) {
  const auto* found = std::ranges::find(table, name, &DistributionKind::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace ringway::ring
