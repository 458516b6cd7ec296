// Per key a ring of the times of its last lines: a line is allowed when the oldest of
// them is a minute away.
#include "log/rate_limit.h"

#include <algorithm>
#include <utility>

#include "ringway/base/assert.h"

namespace ringway::log {
namespace {

constexpr Duration minute = std::chrono::minutes(1);

}  // namespace

RateLimit::RateLimit(std::uint32_t lines_per_minute) : lines_per_minute_(lines_per_minute) {
  RINGWAY_ASSERT(lines_per_minute > 0);
}

RateLimit::Verdict RateLimit::ask(const std::string& name, Instant now) {
  if (keys_.size() >= keys_to_sweep_) forget_quiet(now);
  Key& key = keys_[name];
  key.last_asked = now;
  ++asked_;
  if (key.refused > 0 && now >= key.due) {  // It was written then.
    take_turn(key, key.due);
    key.refused = 0;
  }
  if (take_turn(key, now)) return {true, std::exchange(key.refused, 0), now, {}, asked_};
  key.due = key.allowed[key.oldest] + minute;
  return {false, key.refused++, now, key.due, asked_};
}

bool RateLimit::take_turn(Key& key, Instant now) const {
  if (key.allowed.size() < lines_per_minute_) {
    key.allowed.push_back(now);
    return true;
  }
  if (now - key.allowed[key.oldest] < minute) return false;
  key.allowed[key.oldest] = now;
  key.oldest = (key.oldest + 1) % lines_per_minute_;
  return true;
}

// Sweeps rarely: the next time when twice as many keys are there as now.
void RateLimit::forget_quiet(Instant now) {
  std::erase_if(keys_,
                [now](const auto& entry) { return now - entry.second.last_asked >= minute; });
  keys_to_sweep_ = std::max<std::size_t>(64, 2 * keys_.size());
}

}  // namespace ringway::log
