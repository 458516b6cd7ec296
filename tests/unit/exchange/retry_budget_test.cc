// The budget of second tries: a share of what was asked lately, but some each second.
#include "exchange/retry_budget.h"

#include <doctest/doctest.h>

namespace ringway::proxy {
namespace {

Instant at_s(int s) {
  return Instant{std::chrono::seconds(s)};
}

int taken(RetryBudget& budget, Instant now, std::uint64_t requests, int tries = 1000) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += budget.take(now, requests, 0.1);
  return count;
}

TEST_CASE("a quiet pool may retry ten reads a second") {
  RetryBudget budget;
  budget.move_on(at_s(100), 0);
  CHECK(taken(budget, at_s(100), 1) == 10);
  CHECK(taken(budget, at_s(100), 1) == 0);
  CHECK(taken(budget, at_s(101), 1) == 10);
}

TEST_CASE("workers share what a quiet pool may retry") {
  RetryBudget budget(4);
  budget.move_on(at_s(100), 0);
  CHECK(taken(budget, at_s(100), 1) == 3);  // At least ten, all together.
  RetryBudget of_many(64);
  of_many.move_on(at_s(100), 0);
  CHECK(taken(of_many, at_s(100), 1) == 1);
}

TEST_CASE("a busy pool may retry a tenth of what it was asked in ten seconds") {
  RetryBudget budget;
  for (int s = 0; s < 20; ++s) budget.move_on(at_s(100 + s), std::uint64_t(s) * 500);
  // From the beginning of second 110 to now, that is 9 seconds of 500 and what came since.
  CHECK(taken(budget, at_s(119), 9'750) == 475);
  CHECK(taken(budget, at_s(120), 9'750, 20) == 10);
}

TEST_CASE("what was asked long ago pays for nothing") {
  RetryBudget budget;
  budget.move_on(at_s(100), 0);
  budget.move_on(at_s(101), 1'000'000);
  CHECK(taken(budget, at_s(200), 1'000'000) == 10);
}

}  // namespace
}  // namespace ringway::proxy
