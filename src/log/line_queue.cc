// One lock around a deque that take() swaps out whole: who logs never waits for the
// writer, only for another who logs.
#include "log/line_queue.h"

#include <utility>

namespace ringway::log {

namespace {

Instant steady_now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<Duration>(since_boot)};
}

std::chrono::steady_clock::time_point on_steady_clock(Instant at) {
  return std::chrono::steady_clock::time_point(at.time_since_epoch());
}

}  // namespace

void LineQueue::add(Line line) {
  if (waiting_.lines.size() == lines_max) {
    waiting_.lines.pop_front();
    ++waiting_.lost;
  }
  waiting_.lines.push_back(std::move(line));
}

// They have the time at which they are told: a log is in order.
void LineQueue::add_due() {
  const Instant now = steady_now();
  for (Line& line : ended_ ? held_.take_all(now) : held_.take_due(now)) {
    line.time = std::chrono::system_clock::now();
    add(std::move(line));
  }
}

void LineQueue::push(Line line) {
  {
    const std::lock_guard lock(mutex_);
    add(std::move(line));
  }
  news_.notify_one();
}

void LineQueue::push(Line line, const std::string& key, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    held_.drop(key, number);
    add(std::move(line));
  }
  news_.notify_one();
}

// The writer is woken only if it has to wait less long than it wanted to.
void LineQueue::hold(const std::string& key, HeldLines::Held held) {
  bool sooner = false;
  {
    const std::lock_guard lock(mutex_);
    const Instant before = held_.next();
    held_.hold(key, std::move(held));
    sooner = held_.next() < before;
  }
  if (sooner) news_.notify_one();
}

void LineQueue::ask_to_reopen() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.reopen = true;
  }
  news_.notify_one();
}

LineQueue::Batch LineQueue::take() {
  std::unique_lock lock(mutex_);
  while (true) {
    add_due();
    if (ended_ || !waiting_.empty()) return std::exchange(waiting_, {});
    const Instant next = held_.next();
    if (next == never) {
      news_.wait(lock);
    } else {
      news_.wait_until(lock, on_steady_clock(next));
    }
  }
}

void LineQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  news_.notify_one();
}

}  // namespace ringway::log
