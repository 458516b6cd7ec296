// A tick is a millisecond; level L covers 64^(L+1) of them. What lies beyond the
// last level waits in its farthest slot and is placed anew when it comes round.
#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace ringway::net {
namespace {

constexpr Duration tick_length = std::chrono::milliseconds(1);

constexpr std::uint64_t none = ~std::uint64_t{0};  // No tick, no slot.

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
      return slot_to_use(static_cast<std::size_t>(level), tick >> (6 * level));
    }
  }
  const std::uint64_t farthest = tick_ + span_of(levels - 1) - 1;
  return slot_to_use(levels - 1, farthest >> (6 * (levels - 1)));
}

TimerWheel::Slot& TimerWheel::slot_to_use(std::size_t level, std::uint64_t number) {
  used_[level] |= std::uint64_t{1} << (number % slots);
  return wheels_[level][number % slots];
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
std::uint64_t TimerWheel::next_tick() {
  if (size_ == 0) return none;
  std::uint64_t first = none;
  for (int level = 0; level < levels; ++level) {
    const std::uint64_t here = tick_ >> (6 * level);
    const std::uint64_t begin = level == 0 ? 0 : 1;  // Its present slot was dealt out already.
    const std::uint64_t found = next_used(static_cast<std::size_t>(level), here + begin);
    if (found != none) first = std::min(first, found << (6 * level));
  }
  return first;
}

// The first slot from `number` on, once around, that holds a timer.
std::uint64_t TimerWheel::next_used(std::size_t level, std::uint64_t number) {
  std::uint64_t& used = used_[level];
  while (used != 0) {
    const int away = std::countr_zero(std::rotr(used, static_cast<int>(number % slots)));
    const std::uint64_t found = number + static_cast<std::uint64_t>(away);
    if (!wheels_[level][found % slots].empty()) return found;
    used ^= std::uint64_t{1} << (found % slots);
  }
  return none;
}

Instant TimerWheel::next() {
  if (size_ == 0) return never;
  return start_ + tick_length * static_cast<std::int64_t>(next_tick());
}

}  // namespace ringway::net
