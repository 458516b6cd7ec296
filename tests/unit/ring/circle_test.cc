// The circle's short way to an owner against the plain one, on circles of all sizes.
#include "ring/circle.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "ringway/hash/hash.h"

namespace ringway::ring {
namespace {

template <typename Point>
std::vector<typename Circle<Point>::Vnode> random_vnodes(std::uint32_t count) {
  std::vector<typename Circle<Point>::Vnode> vnodes;
  for (std::uint32_t i = 0; i < count; ++i) {
    vnodes.emplace_back(static_cast<Point>(hash::mixed(i + 1)), i);
  }
  return vnodes;
}

// The owner by definition: the first vnode at or after the place, else the first of all.
template <typename Point>
std::uint32_t plain_owner(std::vector<typename Circle<Point>::Vnode> vnodes, Point place) {
  std::ranges::stable_sort(vnodes, {}, [](const auto& vnode) { return vnode.point(); });
  const auto at =
      std::ranges::lower_bound(vnodes, place, {}, [](const auto& v) { return v.point(); });
  return (at == vnodes.end() ? vnodes.front() : *at).server();
}

template <typename Point>
int wrong_owners(std::uint32_t count) {
  const auto vnodes = random_vnodes<Point>(count);
  const Circle<Point> circle(vnodes);
  std::vector<Point> places = {0, 1, static_cast<Point>(-1), static_cast<Point>(-2)};
  for (const auto& vnode : vnodes) {
    if (places.size() > 600) break;
    for (const int by : {-1, 0, 1})
      places.push_back(static_cast<Point>(vnode.point() + static_cast<Point>(by)));
  }
  int wrong = 0;
  for (const Point place : places) {
    wrong += circle[circle.owner(place)].server() != plain_owner<Point>(vnodes, place);
  }
  return wrong;
}

TEST_CASE_TEMPLATE("the owner is the first vnode at or after a place", Point, std::uint32_t,
                   std::uint64_t) {
  for (const std::uint32_t count : {1, 2, 3, 7, 8, 15, 16, 17, 100, 1000, 4097}) {
    CAPTURE(count);
    CHECK(wrong_owners<Point>(count) == 0);
  }
}

TEST_CASE("of vnodes on one point the first given owns it") {
  using Vnode = Circle<std::uint32_t>::Vnode;
  const std::vector<Vnode> vnodes = {{500, 3}, {500, 1}, {500, 2}, {9, 7}};
  const Circle<std::uint32_t> circle(vnodes);
  CHECK(circle[circle.owner(500)].server() == 3);
  CHECK(circle[circle.owner(10)].server() == 3);
  CHECK(circle[circle.owner(501)].server() == 7);
}

TEST_CASE("a vnode on the last place of the circle owns it") {
  using Vnode = Circle<std::uint64_t>::Vnode;
  const std::vector<Vnode> vnodes = {{~0ull, 1}, {0, 2}};
  const Circle<std::uint64_t> circle(vnodes);
  CHECK(circle[circle.owner(~0ull)].server() == 1);
  CHECK(circle[circle.owner(0)].server() == 2);
  CHECK(circle[circle.owner(1)].server() == 1);
}

TEST_CASE("the walk passes over servers that are out, wraps, and ends at its limit") {
  const Circle<std::uint64_t> circle(random_vnodes<std::uint64_t>(10));
  LiveSet live(10);
  const std::uint32_t last = circle.size() - 1;
  live.set(circle[last].server(), false);
  CHECK(circle.next_live(last, live, 10) == 0);
  CHECK(circle.next_live(last, live, 1) == std::nullopt);
  CHECK(circle.next_live(3, live, 1) == 3);
}

}  // namespace
}  // namespace ringway::ring
