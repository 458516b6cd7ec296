// Where all chance of a simulated run comes from: one seed, forked into
// independent streams so that drawing more in one place moves nothing elsewhere.
#pragma once

#include <cstdint>

#include "ringway/base/assert.h"
#include "ringway/base/time.h"

namespace ringway::sim {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u) {}

  // splitmix64: small, fast and good enough to decide about faults.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::uint64_t below(std::uint64_t bound) {
    RINGWAY_ASSERT(bound > 0);
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    RINGWAY_ASSERT(least <= most);
    return least + below(most - least + 1);
  }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<std::int64_t>(
                       below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  // `rate` is a probability; 0 draws nothing, so a fault that is off costs nothing.
  bool with(double rate) {
    return rate > 0 && static_cast<double>(next() >> 11) * 0x1.0p-53 < rate;
  }

  Chance fork() { return Chance(next()); }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_;
};

}  // namespace ringway::sim
