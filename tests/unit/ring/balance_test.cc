// How evenly `ring` spreads keys, for the shapes that applications give them. The full
// tables (a million keys, every hash and distribution) are in src/ring/README.md, made
// by bench/micro/balance.
#include <algorithm>
#include <doctest/doctest.h>
#include <functional>

#include "ringway/ring/key_hash.h"

#include "pools.h"

namespace ringway::ring {
namespace {

constexpr std::uint64_t keys = 200'000;

const std::vector<std::function<std::string(std::uint64_t)>> shapes = {
    [](std::uint64_t i) { return "key:" + std::to_string(i); },
    [](std::uint64_t i) { return "user:" + std::to_string(i) + ":profile"; },
    [](std::uint64_t i) { return std::to_string(hash::mixed(i)); },
};

// Each server's part of the keys, relative to what its weight deserves.
std::vector<double> fullness(const std::vector<Member>& members, const char* function,
                             const std::function<std::string(std::uint64_t)>& shape) {
  const auto ring = build("ring", members);
  const LiveSet live(ring->servers());
  std::vector<double> full(members.size());
  double total = 0;
  for (const Member& member : members) total += member.weight;
  for (std::uint64_t i = 0; i < keys; ++i) {
    const auto owner = *ring->pick(key_hash(*hash::find(function), {}, shape(i)), live);
    full[owner] += total / members[owner].weight / keys;
  }
  return full;
}

TEST_CASE("no server of 10 equal ones holds more than 1.08 of its part") {
  for (const auto& shape : shapes)
    CHECK(std::ranges::max(fullness(equal(10), "xxh3_64", shape)) <= 1.08);
}

TEST_CASE("no server of 100 equal ones holds more than 1.13 of its part") {
  for (const auto& shape : shapes) {
    CHECK(std::ranges::max(fullness(equal(100), "xxh3_64", shape)) <= 1.13);
  }
}

TEST_CASE("unequal servers hold what their weights say within 15%") {
  for (const auto& weights :
       {std::vector<std::uint32_t>{1, 2, 3, 4}, {1, 1, 1, 5}, {10, 20, 35, 100}}) {
    for (const auto& shape : shapes) {
      for (const double full : fullness(weighted(weights), "xxh3_64", shape)) {
        CHECK(full == doctest::Approx(1).epsilon(0.15));
      }
    }
  }
}

TEST_CASE("a 32-bit hash is widened and so no less even on the ring") {
  for (const char* function : {"fnv1a_64", "crc32a", "murmur"}) {
    CHECK(std::ranges::max(fullness(equal(10), function, shapes[0])) <= 1.08);
  }
}

}  // namespace
}  // namespace ringway::ring
