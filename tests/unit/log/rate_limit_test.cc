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
  for (Duration t = 0ms; t < 1h; t += 700ms) {
    if (limit.ask("web1", start + t).allowed) lines.push_back(t);
  }
  CHECK(lines.size() >= 590);
  for (std::size_t i = 10; i < lines.size(); ++i) CHECK(lines[i] - lines[i - 10] >= 1min);
}

TEST_CASE("the next line says how many were left out, once") {
  RateLimit limit(1);
  CHECK(limit.ask("web1", start).left_out == 0);
  CHECK(limit.ask("web1", start + 1s).left_out == 1);
  CHECK_FALSE(limit.ask("web1", start + 59s).allowed);
  const auto next = limit.ask("web1", start + 60s);
  CHECK(next.allowed);
  CHECK(next.left_out == 2);
  CHECK(limit.ask("web1", start + 120s).left_out == 0);
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
