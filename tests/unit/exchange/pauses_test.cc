// Reasons of one client beside each other, and the time of all of them.
#include "exchange/pauses.h"

#include <doctest/doctest.h>

namespace ringway::proxy {
namespace {

using metrics::WorkerMetric;

Instant at_us(int us) {
  return Instant{std::chrono::microseconds(us)};
}

TEST_CASE("a client is paused until its last reason is gone") {
  Pauses pauses;
  CHECK(pauses.begin(PauseReason::memory));
  CHECK(pauses.begin(PauseReason::server_queue));
  CHECK(!pauses.begin(PauseReason::memory));
  CHECK(pauses.end(PauseReason::memory));
  CHECK(pauses.any());
  CHECK(!pauses.holds(PauseReason::memory));
  CHECK(!pauses.end(PauseReason::own));
  CHECK(pauses.end(PauseReason::server_queue));
  CHECK(!pauses.any());
}

TEST_CASE("times of paused clients add up, each reason by itself") {
  metrics::WorkerCounters counters;
  PausedClients paused(counters);
  paused.begin(PauseReason::own, at_us(5'000));
  paused.begin(PauseReason::own, at_us(6'000));
  paused.begin(PauseReason::memory, at_us(6'500));
  paused.end(PauseReason::own, at_us(8'000));
  paused.end(PauseReason::memory, at_us(9'000));
  paused.end(PauseReason::own, at_us(9'000));
  paused.move_on(at_us(1'000'000));
  CHECK(counters[WorkerMetric::pauses_own].value() == 2);
  CHECK(counters[WorkerMetric::paused_own].value() == 6'000);
  CHECK(counters[WorkerMetric::pauses_memory].value() == 1);
  CHECK(counters[WorkerMetric::paused_memory].value() == 2'500);
  CHECK(counters[WorkerMetric::paused_server_queue].value() == 0);
}

TEST_CASE("a pause that lasts is counted while it lasts, to the nanosecond") {
  metrics::WorkerCounters counters;
  PausedClients paused(counters);
  paused.begin(PauseReason::server_queue, at_us(0));
  for (int ns = 400; ns <= 4'000'000; ns += 400) {
    paused.move_on(Instant{std::chrono::nanoseconds(ns)});
  }
  CHECK(counters[WorkerMetric::paused_server_queue].value() == 4'000);
  CHECK(paused.count(PauseReason::server_queue) == 1);
}

}  // namespace
}  // namespace ringway::proxy
