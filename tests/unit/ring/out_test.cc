// The promise that sets ringway apart from twemproxy: while a server is out, and when
// it comes back, no key of any other live server moves. Random pools, random failures.
#include <doctest/doctest.h>
#include <random>

#include "pools.h"

namespace ringway::ring {
namespace {

constexpr std::uint64_t keys = 2000;

using Owners = std::vector<std::optional<std::uint32_t>>;

Owners owners(const Distribution& distribution, const LiveSet& live) {
  Owners result;
  for (std::uint64_t n = 0; n < keys; ++n) result.push_back(distribution.pick(nth_hash(n), live));
  return result;
}

// Keys that changed servers although theirs is not the one that went out.
int moved_among_survivors(const Owners& before, const Owners& after, std::uint32_t out) {
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    moved += before[i] != out && before[i] != after[i];
  return moved;
}

int on_servers_out(const Owners& found, const LiveSet& live) {
  int wrong = 0;
  for (const auto& owner : found) wrong += !owner || !live.live(*owner);
  return wrong;
}

// Takes the servers out one by one, in random order, until one is left.
void check_outages(std::string_view kind, const std::vector<Member>& members,
                   std::mt19937& random) {
  CAPTURE(kind);
  const auto distribution = build(kind, members);
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::shuffle(order, random);
  LiveSet live(distribution->servers());
  Owners before = owners(*distribution, live);
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    live.set(order[i], false);
    Owners after = owners(*distribution, live);
    CHECK(on_servers_out(after, live) == 0);
    CHECK(moved_among_survivors(before, after, order[i]) == 0);
    before = std::move(after);
  }
}

TEST_CASE("keys of live servers never move when another goes out, in any distribution") {
  std::mt19937 random(7);
  for (const DistributionKind& kind : kinds()) {
    check_outages(kind.name, equal(2), random);
    check_outages(kind.name, equal(10), random);
    check_outages(kind.name, equal(26), random);
    check_outages(kind.name, weighted({1, 2, 3, 4}), random);
    check_outages(kind.name, weighted({1, 1, 1, 5}), random);
    check_outages(kind.name, weighted({100'000, 1, 1, 50'000, 1}), random);
    check_outages(kind.name, weighted({0, 1, 0, 2}), random);
  }
}

TEST_CASE("the keys of a server that is out spread over all that are left") {
  for (const DistributionKind& kind : kinds()) {
    const auto pool = kind.build(equal(5));
    LiveSet live(5);
    const Owners before = owners(*pool, live);
    live.set(2, false);
    const Owners after = owners(*pool, live);
    std::vector<int> taken(5);
    for (std::size_t i = 0; i < keys; ++i) taken[*after[i]] += before[i] == 2u;
    CAPTURE(kind.name);
    for (const std::uint32_t i : {0, 1, 3, 4}) CHECK(taken[i] > 40);  // 100 are its fair part.
  }
}

TEST_CASE("a lone survivor without any point takes every key") {
  const auto ketama = build("ketama", weighted({100'000, 1}));
  LiveSet live(2);
  live.set(0, false);
  CHECK(on_servers_out(owners(*ketama, live), live) == 0);
}

TEST_CASE("a walk that would pass a million points of servers out still ends") {
  const auto ring = build("ring", weighted({1'000'000, 1}));
  LiveSet live(2);
  live.set(0, false);
  CHECK(on_servers_out(owners(*ring, live), live) == 0);
}

}  // namespace
}  // namespace ringway::ring
