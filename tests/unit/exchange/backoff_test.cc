#include "exchange/backoff.h"

#include <doctest/doctest.h>

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

// 500 of 1,000: in the middle of what chance may make of it.
constexpr std::uint64_t middle = 500;

TEST_CASE("each back-off is twice as long as the last, up to the longest") {
  Backoff backoff;
  CHECK_FALSE(backoff.begun());
  for (const Duration expected : {50ms, 100ms, 200ms, 400ms, 500ms, 500ms})
    CHECK(backoff.next(50ms, 500ms, middle) == expected);
  CHECK(backoff.begun());
}

TEST_CASE("after something went well it begins anew") {
  Backoff backoff;
  backoff.next(50ms, 500ms, middle);
  backoff.next(50ms, 500ms, middle);
  backoff.end();
  CHECK_FALSE(backoff.begun());
  CHECK(backoff.next(50ms, 500ms, middle) == 50ms);
}

TEST_CASE("chance makes it up to a half shorter or longer, and does not add up") {
  for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
    CAPTURE(random);
    Backoff backoff;
    for (const Duration exact : {40ms, 80ms, 160ms, 200ms, 200ms}) {
      const Duration time = backoff.next(40ms, 200ms, random);
      CHECK(time >= exact / 2);
      CHECK(time <= exact * 3 / 2);
    }
  }
  CHECK(Backoff().next(40ms, 200ms, 0) == 20ms);
  CHECK(Backoff().next(40ms, 200ms, 1000) == 60ms);
}

TEST_CASE("limits that a reload made shorter hold at once") {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.next(50ms, 5s, middle);
  CHECK(backoff.next(50ms, 100ms, middle) == 100ms);
}

}  // namespace
}  // namespace ringway::proxy
