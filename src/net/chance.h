// A stream of chance: from one seed the same numbers each time. What is drawn from one stream
// moves nothing in another. splitmix64: enough for jitter and picking one of many, not for
// secrets.
#pragma once

#include <cstdint>

namespace ringway::net {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ringway::net
