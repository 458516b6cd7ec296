// See pulse.h. Costs workers nothing: they count their turns anyhow, and a busy one is
// never woken.
#include "daemon/pulse.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "exchange/error_text.h"
#include "log/log.h"

namespace ringway::cli {

void Pulse::look(Instant now) {
  if (now < next_) return;
  next_ = now + look_every;
  const Duration passed = last_ == never ? Duration::zero() : std::min(now - last_, 2 * look_every);
  last_ = now;
  std::int64_t still = -1;
  for (std::uint32_t i = 0; i < watched_.size(); ++i) {
    look_at(i, passed);
    if (watched_[i].silent >= silence_max && still < 0) still = i;
  }
  const std::int64_t before = still_.exchange(still);
  if (before == still) return;
  if (before >= 0) {
    log::tell(log::Level::warning, {.name = "worker_goes_on", .worker = std::to_string(before)},
              "worker {} goes on", before);
  }
  if (still >= 0) {
    log::tell(log::Level::error, {.name = "worker_stands_still", .worker = std::to_string(still)},
              "worker {} has ended no turn for {} although it was woken: it stands still", still,
              proxy::duration_text(silence_max));
  }
}

void Pulse::look_at(std::uint32_t number, Duration passed) {
  Watched& one = watched_[number];
  const worker::WorkerReport& report = *shared_.reports[number];
  const auto turns = shared_.registry.worker(number)[metrics::WorkerMetric::turns].value();
  if (std::exchange(one.turns, turns) != turns || report.stopped) {
    one.woken = false;
    one.silent = Duration::zero();
    return;
  }
  if (std::exchange(one.woken, true)) {
    one.silent += passed;
  } else {
    shared_.mailboxes[number]->wake();
  }
}

bool Pulse::beats(std::string& why_not) const {
  const std::int64_t still = still_;
  if (still >= 0) {
    why_not =
        fmt::format("worker {} has ended no turn for {}", still, proxy::duration_text(silence_max));
  }
  return still < 0;
}

}  // namespace ringway::cli
