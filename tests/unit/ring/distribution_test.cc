// What holds for every distribution, and what each promises of its points and order.
#include <algorithm>
#include <doctest/doctest.h>

#include "pools.h"

namespace ringway::ring {
namespace {

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const DistributionKind& kind : kinds()) names.emplace_back(kind.name);
  return names;
}

std::string owner_name(const Distribution& distribution, const std::vector<Member>& members,
                       KeyHash hash) {
  return members[*distribution.pick(hash, LiveSet(distribution.servers()))].name;
}

std::uint32_t pick_one(const char* kind, const std::vector<Member>& members, std::uint32_t narrow) {
  const KeyHash hash{.wide = narrow, .narrow = narrow};
  return *build(kind, members)->pick(hash, LiveSet(static_cast<std::uint32_t>(members.size())));
}

TEST_CASE("the first distribution of the table is the default") {
  CHECK(kinds().front().name == "ring");
}

TEST_CASE("every distribution is found by its name and none by another") {
  for (const DistributionKind& kind : kinds()) {
    CHECK(find(kind.name) == &kind);
    CHECK(kind.build(equal(2))->name() == kind.name);
  }
  CHECK(find("Ring") == nullptr);
}

TEST_CASE("the order of the file decides the index but not the server") {
  const auto members = weighted({1, 2, 3, 1, 5, 1, 1});
  auto shuffled = members;
  std::ranges::rotate(shuffled, shuffled.begin() + 3);
  std::swap(shuffled[0], shuffled[5]);
  for (const auto& kind : kind_names()) {
    const auto a = build(kind, members);
    const auto b = build(kind, shuffled);
    int differences = 0;
    for (std::uint64_t n = 0; n < 5000; ++n) {
      differences += owner_name(*a, members, nth_hash(n)) != owner_name(*b, shuffled, nth_hash(n));
    }
    CAPTURE(kind);
    CHECK(differences == 0);
  }
}

TEST_CASE("a pool of one server gives it every key") {
  for (const auto& kind : kind_names()) {
    const auto one = build(kind, equal(1));
    for (std::uint64_t n = 0; n < 100; ++n) CHECK(one->pick(nth_hash(n), LiveSet(1)) == 0);
    CHECK(one->pick({}, LiveSet(1)) == 0);
    CHECK(one->pick({.wide = ~0ull, .narrow = ~0u}, LiveSet(1)) == 0);
  }
}

TEST_CASE("nobody takes a key when nobody is live") {
  for (const auto& kind : kind_names()) {
    LiveSet none(3);
    for (std::uint32_t i = 0; i < 3; ++i) none.set(i, false);
    CHECK(build(kind, equal(3))->pick(nth_hash(1), none) == std::nullopt);
    CHECK_FALSE(build(kind, equal(3))->trace(nth_hash(1), none).has_value());
    CHECK(build(kind, {})->pick(nth_hash(1), LiveSet(0)) == std::nullopt);
    CHECK_FALSE(build(kind, {})->trace(nth_hash(1), LiveSet(0)).has_value());
  }
}

TEST_CASE("servers of weight 0 get no key while others are live, and all when alone") {
  for (const char* kind : {"ring", "ketama", "modula"}) {
    const auto pool = build(kind, weighted({1, 0, 1, 0}));
    LiveSet live(4);
    CHECK(pool->points(1) == 0);
    for (std::uint64_t n = 0; n < 1000; ++n) CHECK(*pool->pick(nth_hash(n), live) % 2 == 0);
    live.set(0, false);
    live.set(2, false);
    for (std::uint64_t n = 0; n < 1000; ++n) CHECK(*pool->pick(nth_hash(n), live) % 2 == 1);
  }
}

TEST_CASE("a pool in which nobody has weight still answers") {
  for (const auto& kind : kind_names()) {
    const auto pool = build(kind, weighted({0, 0, 0}));
    LiveSet live(3);
    live.set(1, false);
    const auto picked = pool->pick(nth_hash(5), live);
    REQUIRE(picked.has_value());
    CHECK(*picked != 1);
    CHECK(pool->trace(nth_hash(5), live)->server == *picked);
  }
}

TEST_CASE("ring gives 1,024 vnodes per unit of weight") {
  const auto ring = build("ring", weighted({1, 2, 5}));
  CHECK(ring->points(0) == 1024);
  CHECK(ring->points(1) == 2048);
  CHECK(ring->points(2) == 5120);
}

TEST_CASE("ring halves its vnodes for the whole pool until they are at most 2^20") {
  CHECK(build("ring", equal(1024))->points(0) == 1024);
  CHECK(build("ring", equal(1025))->points(0) == 512);
  const auto uneven = build("ring", weighted({4'000'000'000, 4'000'000'000, 1}));
  CHECK(uneven->points(0) == 488'281);
  CHECK(uneven->points(2) == 1);
}

TEST_CASE("ketama's float32 gives 156 points where 160 are due") {
  CHECK(build("ketama", equal(10))->points(0) == 160);
  for (const std::size_t n : {25, 47, 50, 55, 61})
    CHECK(build("ketama", equal(n))->points(0) == 156);
}

TEST_CASE("ketama can leave a light server without a point") {
  const auto pool = build("ketama", weighted({100'000, 1}));
  CHECK(pool->points(1) == 0);
}

TEST_CASE("modula counts slots through the servers by length of name, then bytes") {
  const std::vector<Member> members = {{"ccc", 1}, {"b", 2}, {"a", 1}, {"aa", 1}};
  const std::vector<std::uint32_t> slots = {2, 1, 1, 3, 0};
  for (std::uint32_t h = 0; h < 10; ++h) CHECK(pick_one("modula", members, h) == slots[h % 5]);
}

TEST_CASE("modula with weights in the millions finds the same slots") {
  const std::vector<Member> members = {{"b", 3'000'000}, {"a", 1'000'000}};
  CHECK(pick_one("modula", members, 999'999) == 1);
  CHECK(pick_one("modula", members, 1'000'000) == 0);
  CHECK(pick_one("modula", members, 3'999'999) == 0);
  CHECK(pick_one("modula", members, 4'000'000) == 1);
}

TEST_CASE("random takes the caller's value and no notice of weights") {
  const auto pool = build("random", weighted({1, 1000}));
  int first = 0;
  for (std::uint64_t n = 0; n < 10'000; ++n) first += *pool->pick(nth_hash(n), LiveSet(2)) == 0;
  CHECK(first == doctest::Approx(5000).epsilon(0.05));
  CHECK(*pool->pick({.wide = 6, .narrow = 1}, LiveSet(2)) == 0);
}

TEST_CASE("ring uses the wide hash, ketama and modula the narrow one") {
  const LiveSet live(10);
  for (std::uint64_t n = 0; n < 200; ++n) {
    const KeyHash wide{.wide = nth_hash(n).wide, .narrow = 7};
    const KeyHash narrow{.wide = 7, .narrow = nth_hash(n).narrow};
    CHECK(build("ring", equal(10))->pick(wide, live) ==
          build("ring", equal(10))->pick(nth_hash(n), live));
    CHECK(build("ketama", equal(10))->pick(narrow, live) ==
          build("ketama", equal(10))->pick(nth_hash(n), live));
    CHECK(build("modula", equal(10))->pick(narrow, live) ==
          build("modula", equal(10))->pick(nth_hash(n), live));
  }
}

}  // namespace
}  // namespace ringway::ring
