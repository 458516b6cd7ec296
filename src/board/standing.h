// Where a server stands with its pool. Published on the board by the server's home
// worker (health.h draws how one follows from another), read by all.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringway::proxy {

enum class Standing : std::uint8_t {
  up,           // Gets its keys.
  joining,      // Added to a running pool; owns no keys before its first good check.
  ejected,      // Failed too often: out of the ring, probed.
  unresolved,   // Out because its name has no address.
  held,         // As bad as ejected, but too many are out already: keeps its keys, which fail.
  drained,      // Out by hand; still checked.
  maintenance,  // Out by hand; neither connected nor checked.
};

// Whether the distribution still sends it the keys it owns.
constexpr bool in_ring(Standing standing) {
  return standing == Standing::up || standing == Standing::held;
}

constexpr bool out_by_hand(Standing standing) {
  return standing == Standing::drained || standing == Standing::maintenance;
}

constexpr std::string_view word(Standing standing) {
  switch (standing) {
    case Standing::up: return "up";
    case Standing::joining: return "joining";
    case Standing::ejected: return "ejected";
    case Standing::unresolved: return "unresolved";
    case Standing::held: return "held";
    case Standing::drained: return "drained";
    case Standing::maintenance: return "maintenance";
  }
  return "";
}

}  // namespace ringway::proxy
