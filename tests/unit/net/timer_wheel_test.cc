// The wheel against the plainest model there is: a sorted list of times.
#include "net/timer_wheel.h"

#include <doctest/doctest.h>
#include <memory>
#include <random>
#include <vector>

using namespace ringway;
using namespace ringway::net;
using namespace std::chrono_literals;

namespace {

const Instant start = Instant{} + 17s;

std::vector<Timer*> expired(TimerWheel& wheel, Instant now) {
  std::vector<Timer*> fired;
  wheel.expire(now, fired);
  return fired;
}

}  // namespace

TEST_CASE("a timer fires at its time, not before") {
  TimerWheel wheel(start);
  Timer timer;
  wheel.set(timer, start + 5ms);
  CHECK(expired(wheel, start + 4ms).empty());
  CHECK(expired(wheel, start + 5ms).size() == 1);
  CHECK(wheel.size() == 0);
}

TEST_CASE("a stopped timer does not fire") {
  TimerWheel wheel(start);
  Timer timer;
  wheel.set(timer, start + 5ms);
  wheel.stop(timer);
  CHECK(expired(wheel, start + 1h).empty());
}

TEST_CASE("an idle wheel asks for no wake-up before a far timer's neighbourhood") {
  TimerWheel wheel(start);
  CHECK(wheel.next() == never);
  Timer timer;
  wheel.set(timer, start + 5min);
  CHECK(wheel.next() > start + 4min);
  CHECK(wheel.next() <= start + 5min);
  wheel.stop(timer);
}

TEST_CASE("setting again moves a timer") {
  TimerWheel wheel(start);
  Timer timer;
  wheel.set(timer, start + 5ms);
  wheel.set(timer, start + 10s);
  CHECK(expired(wheel, start + 9s).empty());
  CHECK(expired(wheel, start + 10s).size() == 1);
}

TEST_CASE("random timers fire once, never early, at most a millisecond late") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    TimerWheel wheel(start);
    std::vector<std::unique_ptr<Timer>> timers;
    Instant now = start;
    std::size_t fired_count = 0;
    for (int step = 0; step < 300; ++step) {
      auto& timer = *timers.emplace_back(std::make_unique<Timer>());
      const Duration away{static_cast<std::int64_t>(random() >> (random() % 50 + 14))};
      wheel.set(timer, now + away);
      now += Duration{static_cast<std::int64_t>(random() % 200'000'000)};
      if (random() % 10 == 0) now = std::max(now, std::min(wheel.next(), now + 1h));
      for (Timer* due : expired(wheel, now)) {
        REQUIRE(due->at <= now);
        ++fired_count;
      }
      for (auto& other : timers) {
        if (other->set()) REQUIRE(other->at + 1ms > now);
      }
      REQUIRE(fired_count + wheel.size() == timers.size());
    }
    for (auto& timer : timers) wheel.stop(*timer);
  }
}
