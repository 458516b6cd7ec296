// Request deadlines: sorted by construction, per timeout one list.
#include "exchange/deadlines.h"

#include <doctest/doctest.h>
#include <vector>

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

const Instant start = Instant{} + 17s;

// An exchange that leaves its list at the end of the test.
struct Waiting : Exchange {
  Waiting(Deadlines& deadlines, Instant now, Duration timeout) {
    deadlines.add(*this, now, timeout);
  }
  ~Waiting() { deadline_link.leave(); }
};

std::vector<Exchange*> expired(Deadlines& deadlines, Instant now) {
  std::vector<Exchange*> all;
  for (const auto& one : deadlines.take_expired(now)) all.push_back(one.exchange);
  return all;
}

TEST_CASE("nobody waits, so there is no next deadline") {
  CHECK(Deadlines().next() == never);
}

TEST_CASE("an exchange expires at its deadline, not before") {
  Deadlines deadlines;
  Waiting exchange(deadlines, start, 500ms);
  CHECK(deadlines.next() == start + 500ms);
  CHECK(expired(deadlines, start + 500ms - 1ns).empty());
  CHECK(!exchange.expired);
  CHECK(expired(deadlines, start + 500ms) == std::vector<Exchange*>{&exchange});
  CHECK(exchange.expired);
  CHECK(deadlines.next() == never);
}

TEST_CASE("exchanges of one timeout expire in the order of their arrival") {
  Deadlines deadlines;
  Waiting first(deadlines, start, 1s);
  Waiting second(deadlines, start, 1s);
  Waiting third(deadlines, start + 1ms, 1s);
  CHECK(expired(deadlines, start + 1s) == std::vector<Exchange*>{&first, &second});
  CHECK(expired(deadlines, start + 2s) == std::vector<Exchange*>{&third});
}

TEST_CASE("the next deadline is the earliest of all timeouts") {
  Deadlines deadlines;
  Waiting patient(deadlines, start, 500ms);
  Waiting hasty(deadlines, start + 100ms, 50ms);
  CHECK(deadlines.next() == start + 150ms);
  CHECK(expired(deadlines, start + 200ms) == std::vector<Exchange*>{&hasty});
  CHECK(deadlines.next() == start + 500ms);
}

TEST_CASE("who was answered never expires") {
  Deadlines deadlines;
  Waiting answered(deadlines, start, 10ms);
  Waiting other(deadlines, start, 10ms);
  answered.deadline_link.leave();
  CHECK(expired(deadlines, start + 1h) == std::vector<Exchange*>{&other});
}

TEST_CASE("an expired exchange comes with the timeout it had") {
  Deadlines deadlines;
  Waiting old(deadlines, start, 700ms);
  Waiting young(deadlines, start, 300ms);
  const auto check_one = [&](Instant now, const Exchange& exchange, Duration timeout) {
    const auto taken = deadlines.take_expired(now);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].exchange == &exchange);
    CHECK(taken[0].timeout == timeout);
  };
  check_one(start + 400ms, young, 300ms);
  check_one(start + 700ms, old, 700ms);
}

TEST_CASE("a timeout that changes leaves those alone who wait already") {
  Deadlines deadlines;
  Waiting before(deadlines, start, 2s);
  Waiting after(deadlines, start + 1ms, 100ms);
  CHECK(expired(deadlines, start + 1s) == std::vector<Exchange*>{&after});
  CHECK(before.deadline == start + 2s);
}

}  // namespace
}  // namespace ringway::proxy
