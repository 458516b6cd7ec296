// Which keys move when a pool changes, and that the estimate of it tells the truth.
#include "ringway/ring/movement.h"

#include <doctest/doctest.h>

#include "pools.h"

namespace ringway::ring {
namespace {

struct Pool {
  Pool(std::string_view kind, std::vector<Member> of, const char* function = "xxh3_64")
      : members(std::move(of)), distribution(build(kind, members)), hash(*hash::find(function)) {}
  Placement placement() const { return {hash, tag, *distribution, members}; }

  std::vector<Member> members;
  std::unique_ptr<Distribution> distribution;
  const hash::HashFunction& hash;
  hash::HashTag tag;
};

// Servers that keep their place in the file.
std::vector<int> same_places(std::size_t before, std::size_t after) {
  std::vector<int> successor;
  for (std::size_t i = 0; i < before; ++i)
    successor.push_back(i < after ? static_cast<int>(i) : -1);
  return successor;
}

Movement between(const Pool& before, const Pool& after) {
  return movement(before.placement(), after.placement(),
                  same_places(before.members.size(), after.members.size()));
}

TEST_CASE("nothing moves between equal pools, in any distribution") {
  for (const DistributionKind& kind : kinds()) {
    const auto result = between(Pool(kind.name, equal(10)), Pool(kind.name, equal(10)));
    CHECK(result.moved == 0);
    CHECK(result.flows.empty());
  }
}

TEST_CASE("a server added to a ring takes 1/N of the keys and moves no other") {
  for (const std::size_t n : {3, 10, 50}) {
    const auto result = between(Pool("ring", equal(n)), Pool("ring", equal(n + 1)));
    CHECK(result.moved == doctest::Approx(1.0 / static_cast<double>(n + 1)).epsilon(0.15));
    for (const Flow& flow : result.flows) CHECK(flow.to == "cache-" + std::to_string(n));
  }
}

TEST_CASE("a server removed from a ring hands on its keys and moves no other") {
  for (const std::size_t n : {3, 10, 50}) {
    const auto result = between(Pool("ring", equal(n)), Pool("ring", equal(n - 1)));
    CHECK(result.moved == doctest::Approx(1.0 / static_cast<double>(n)).epsilon(0.15));
    for (const Flow& flow : result.flows) CHECK(flow.from == "cache-" + std::to_string(n - 1));
  }
}

TEST_CASE("more weight for one server of a ring moves keys to it alone") {
  const auto result = between(Pool("ring", weighted({1, 1, 1})), Pool("ring", weighted({2, 1, 1})));
  CHECK(result.moved == doctest::Approx(0.5 - 1.0 / 3).epsilon(0.15));
  for (const Flow& flow : result.flows) CHECK(flow.to == "cache-0");
}

TEST_CASE("ketama moves a few keys between survivors where its rounding changes") {
  const auto result = between(Pool("ketama", equal(26)), Pool("ketama", equal(25)));
  double among_survivors = 0;
  for (const Flow& flow : result.flows) among_survivors += flow.from == "cache-25" ? 0 : flow.share;
  CHECK(among_survivors > 0.005);
  CHECK(among_survivors < 0.05);
}

TEST_CASE("modula moves nearly all keys when a server is added") {
  CHECK(between(Pool("modula", equal(10)), Pool("modula", equal(11))).moved > 0.85);
}

TEST_CASE("another hash moves all keys but those that meet their server by chance") {
  const auto result = between(Pool("ring", equal(10)), Pool("ring", equal(10), "xxh64"));
  CHECK(result.moved == doctest::Approx(0.9).epsilon(0.02));
}

TEST_CASE("a renamed server is the same server with other keys") {
  auto renamed = equal(10);
  renamed[4].name = "new";
  const auto result = between(Pool("ring", equal(10)), Pool("ring", renamed));
  CHECK(result.moved == doctest::Approx(0.18).epsilon(0.15));  // Its old keys and its new.
}

TEST_CASE("servers are matched as the caller says, not by name or place") {
  const Pool before("ring", {{"a", 1}, {"b", 1}});
  const Pool after("ring", {{"b", 1}, {"a", 1}});
  CHECK(movement(before.placement(), after.placement(), std::vector{1, 0}).moved == 0);
  CHECK(movement(before.placement(), after.placement(), std::vector{0, 1}).moved == 1);
  CHECK(movement(before.placement(), after.placement(), std::vector{-1, -1}).moved == 1);
}

TEST_CASE("flows come greatest first and add up to what moved") {
  const auto result =
      between(Pool("modula", weighted({1, 5, 1})), Pool("modula", weighted({1, 1, 5})));
  double sum = 0;
  for (std::size_t i = 0; i < result.flows.size(); ++i) {
    sum += result.flows[i].share;
    if (i > 0) CHECK(result.flows[i - 1].share >= result.flows[i].share);
  }
  CHECK(sum == doctest::Approx(result.moved));
}

TEST_CASE("the error is that of a share estimated from samples") {
  const Pool ten("ring", equal(10));
  const Pool eleven("ring", equal(11));
  const auto result = movement(ten.placement(), eleven.placement(), same_places(10, 11), 10'000);
  CHECK(result.samples == 10'000);
  CHECK(result.error == doctest::Approx(0.0029).epsilon(0.1));
}

TEST_CASE("differing tags are told") {
  Pool tagged("ring", equal(3));
  tagged.tag = {.open = '{', .close = '}', .enabled = true};
  CHECK(between(Pool("ring", equal(3)), tagged).tags_differ);
  CHECK_FALSE(between(tagged, tagged).tags_differ);
}

}  // namespace
}  // namespace ringway::ring
