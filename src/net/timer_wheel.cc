// A tick is a millisecond; level L covers 64^(L+1) of them. What lies beyond the
// last level waits in its farthest slot and is placed anew when it comes round.
#include "net/timer_wheel.h"

#include <algorithm>

namespace ringway::net {
namespace {

constexpr Duration tick_length = std::chrono::milliseconds(1);

constexpr std::uint64_t span_of(int level) {
  return std::uint64_t{1} << (6 * (level + 1));
}

}  // namespace

TimerWheel::TimerWheel(Instant start) : start_(start) {}

// Rounded up: a timer never fires early.
std::uint64_t TimerWheel::tick_of(Instant at) const {
  if (at <= start_) return 0;
  return static_cast<std::uint64_t>((at - start_ + tick_length - Duration(1)) / tick_length);
}

TimerWheel::Slot& TimerWheel::slot_for(std::uint64_t tick) {
  const std::uint64_t distance = tick - tick_;
  for (int level = 0; level < levels; ++level) {
    if (distance < span_of(level)) {
      return wheels_[static_cast<std::size_t>(level)][(tick >> (6 * level)) % slots];
    }
  }
  const std::uint64_t farthest = tick_ + span_of(levels - 1) - 1;
  return wheels_[levels - 1][(farthest >> (6 * (levels - 1))) % slots];
}

void TimerWheel::set(Timer& timer, Instant at) {
  RINGWAY_ASSERT(at != never);
  stop(timer);
  timer.at = at;
  slot_for(std::max(tick_of(at), tick_)).push_back(timer);
  ++size_;
}

void TimerWheel::stop(Timer& timer) {
  if (!timer.set()) return;
  timer.link.leave();
  --size_;
}

void TimerWheel::fire_slot(std::vector<Timer*>& fired) {
  Slot& slot = wheels_[0][tick_ % slots];
  while (Timer* timer = slot.pop_front()) {
    --size_;
    fired.push_back(timer);
  }
}

// Entering a new span: the coarser slot that covers it is dealt out again.
void TimerWheel::cascade() {
  for (int level = 1; level < levels; ++level) {
    if (tick_ % span_of(level - 1) != 0) return;
    Slot& slot = wheels_[static_cast<std::size_t>(level)][(tick_ >> (6 * level)) % slots];
    std::vector<Timer*> moving;
    while (Timer* timer = slot.pop_front()) moving.push_back(timer);
    for (Timer* timer : moving) slot_for(std::max(tick_of(timer->at), tick_)).push_back(*timer);
  }
}

void TimerWheel::expire(Instant now, std::vector<Timer*>& fired) {
  if (now < start_) return;
  const std::uint64_t until = static_cast<std::uint64_t>((now - start_) / tick_length);
  while (tick_ <= until) {
    // Everything before the first slot in use is empty: skip it in one step.
    const std::uint64_t busy = next_tick();
    if (busy > tick_) {
      tick_ = std::min(busy, until + 1);
      cascade();
      continue;
    }
    fire_slot(fired);
    ++tick_;
    cascade();
  }
}

// The first tick at which a slot has to be looked at: fired, or dealt out again.
std::uint64_t TimerWheel::next_tick() const {
  if (size_ == 0) return ~std::uint64_t{0};
  std::uint64_t first = ~std::uint64_t{0};
  for (int level = 0; level < levels; ++level) {
    const std::uint64_t here = tick_ >> (6 * level);
    const std::uint64_t begin = level == 0 ? 0 : 1;  // Its present slot was dealt out already.
    for (std::uint64_t i = begin; i < slots + begin; ++i) {
      if (wheels_[static_cast<std::size_t>(level)][(here + i) % slots].empty()) continue;
      first = std::min(first, (here + i) << (6 * level));
      break;
    }
  }
  return first;
}

Instant TimerWheel::next() const {
  if (size_ == 0) return never;
  return start_ + tick_length * static_cast<std::int64_t>(next_tick());
}

}  // namespace ringway::net
