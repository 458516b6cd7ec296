// The sum of the times is kept by how many are paused, not by when each one was: a change
// costs the same however many there are, and those that last are counted, too.
#include "exchange/pauses.h"

#include "ringway/base/assert.h"

namespace ringway::proxy {

using metrics::WorkerMetric;

namespace {
constexpr std::array begun = {WorkerMetric::pauses_own, WorkerMetric::pauses_server_queue,
                              WorkerMetric::pauses_memory};
constexpr std::array lasted = {WorkerMetric::paused_own, WorkerMetric::paused_server_queue,
                               WorkerMetric::paused_memory};
static_assert(begun.size() == pause_reasons && lasted.size() == pause_reasons);
}  // namespace

void PausedClients::begin(PauseReason reason, Instant now) {
  move_on(now);
  ++count_[index(reason)];
  ++count_of_all_;
  counters_[begun[index(reason)]].add();
}

void PausedClients::end(PauseReason reason, Instant now) {
  move_on(now);
  RINGWAY_ASSERT(count(reason) > 0);
  --count_[index(reason)];
  --count_of_all_;
}

void PausedClients::move_on(Instant now) {
  if (count_of_all_ > 0) {
    // Whole microseconds: what is left of one is counted the next time.
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - moved_on_);
    for (std::size_t i = 0; i < pause_reasons; ++i) {
      const auto us = static_cast<std::uint64_t>(passed.count());
      if (count_[i] > 0) counters_[lasted[i]].add(us * count_[i]);
    }
    moved_on_ += passed;
  } else {
    moved_on_ = now;
  }
}

}  // namespace ringway::proxy
