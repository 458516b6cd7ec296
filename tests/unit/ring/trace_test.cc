// What `ringway explain` is told agrees with what traffic does.
#include <doctest/doctest.h>

#include "pools.h"

namespace ringway::ring {
namespace {

std::uint64_t hash_of(std::string_view function, const std::string& text) {
  return hash::find(function)->of(text);
}

TEST_CASE("a trace names the server that pick() picks, and the home it would have") {
  for (const DistributionKind& kind : kinds()) {
    const auto pool = kind.build(weighted({1, 2, 3, 4}));
    LiveSet live(4);
    live.set(2, false);
    for (std::uint64_t n = 0; n < 300; ++n) {
      const auto trace = pool->trace(nth_hash(n), live);
      CHECK(trace->server == pool->pick(nth_hash(n), live));
      CHECK(trace->home == pool->pick(nth_hash(n), LiveSet(4)));
    }
  }
}

TEST_CASE("a vnode of ring can be checked by hand: xxh3_64 of name-number") {
  const auto members = weighted({1, 2, 3});
  const auto ring = build("ring", members);
  for (std::uint64_t n = 0; n < 50; ++n) {
    const auto trace = ring->trace(nth_hash(n), LiveSet(3));
    const auto text = members[trace->server].name + "-" + std::to_string(trace->vnode);
    CHECK(trace->point == hash_of("xxh3_64", text));
  }
}

TEST_CASE("a vnode of ketama can be checked by hand: the n-th word of its MD5s") {
  const auto members = weighted({1, 2, 3});
  const auto ketama = build("ketama", members);
  int first_words = 0;
  for (std::uint64_t n = 0; n < 200; ++n) {
    const auto trace = ketama->trace(nth_hash(n), LiveSet(3));
    if (trace->vnode % 4 != 0) continue;  // The hash `md5` is the first word.
    const auto text = members[trace->server].name + "-" + std::to_string(trace->vnode / 4);
    CHECK(trace->point == hash_of("md5", text));
    ++first_words;
  }
  CHECK(first_words > 20);
}

TEST_CASE("the point of modula is the slot") {
  const auto pool = build("modula", weighted({1, 2, 3}));
  CHECK(pool->trace({.wide = 0, .narrow = 6 * 1000 + 4}, LiveSet(3))->point == 4);
}

TEST_CASE("while a server is out, the trace tells the vnode that stands in") {
  const auto members = equal(3);
  const auto ring = build("ring", members);
  LiveSet live(3);
  live.set(0, false);
  for (std::uint64_t n = 0; n < 50; ++n) {
    const auto trace = ring->trace(nth_hash(n), live);
    const auto text = members[trace->server].name + "-" + std::to_string(trace->vnode);
    CHECK(trace->point == hash_of("xxh3_64", text));
  }
}

}  // namespace
}  // namespace ringway::ring
