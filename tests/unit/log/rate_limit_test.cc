// Flapping servers do not fill disks.
#include "log/rate_limit.h"

#include <doctest/doctest.h>

namespace ringway::log {
namespace {

using namespace std::chrono_literals;

const Instant start{1000s};

TEST_CASE("as many lines as allowed get through in a minute") {
  RateLimit limit(3);
  int allowed = 0;
  for (auto t = 0s; t < 60s; t += 1s) allowed += limit.ask("web1", start + t).allowed ? 1 : 0;
  CHECK(allowed == 3);
}

TEST_CASE("in no minute of an hour of flapping are there more") {
  RateLimit limit(10);
  std::vector<Duration> lines;
  Instant due{};
  for (Duration t = 0ms; t < 1h; t += 700ms) {
    const auto verdict = limit.ask("web1", start + t);
    // Of those refused the newest is written when it is due.
    if (due > start && due <= start + t) lines.push_back(due - start);
    due = verdict.due;
    if (verdict.allowed) lines.push_back(t);
  }
  CHECK(lines.size() >= 590);
  for (std::size_t i = 10; i < lines.size(); ++i) CHECK(lines[i] - lines[i - 10] >= 1min);
}

TEST_CASE("the newest line refused is due when its minute is over, and has its turn then") {
  RateLimit limit(2);
  CHECK(limit.ask("web1", start).allowed);
  CHECK(limit.ask("web1", start + 10s).allowed);
  const auto first = limit.ask("web1", start + 20s);
  CHECK_FALSE(first.allowed);
  CHECK(first.due == start + 60s);
  CHECK(first.left_out == 0);
  const auto second = limit.ask("web1", start + 30s);
  CHECK(second.due == start + 60s);
  CHECK(second.left_out == 1);  // The first one: nobody sees it.
  CHECK(second.number > first.number);
  // The second was written at 60 s; the next turn is that of 10 s.
  CHECK_FALSE(limit.ask("web1", start + 65s).allowed);
  CHECK(limit.ask("web1", start + 66s).due == start + 70s);
  CHECK(limit.ask("web1", start + 66s).left_out == 2);
  // It was written at 70 s; turns were taken at 60 s and 70 s.
  CHECK_FALSE(limit.ask("web1", start + 119s).allowed);
  // That one at 120 s.
  CHECK(limit.ask("web1", start + 130s).allowed);
  CHECK(limit.ask("web1", start + 200s).left_out == 0);
}

TEST_CASE("keys do not take turns from each other") {
  RateLimit limit(1);
  CHECK(limit.ask("web1", start).allowed);
  CHECK(limit.ask("web2", start).allowed);
  CHECK_FALSE(limit.ask("web1", start).allowed);
}

TEST_CASE("keys that went quiet are forgotten") {
  RateLimit limit(1);
  for (int i = 0; i < 10'000; ++i) limit.ask("server" + std::to_string(i), start + i * 1s);
  CHECK(limit.keys() < 200);
}

}  // namespace
}  // namespace ringway::log
