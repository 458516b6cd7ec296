// One lock around a deque that take() swaps out whole: who logs never waits for the
// writer, only for another who logs.
#include "log/line_queue.h"

#include <utility>

namespace ringway::log {

void LineQueue::push(Line line) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.lines.size() == lines_max) {
      waiting_.lines.pop_front();
      ++waiting_.lost;
    }
    waiting_.lines.push_back(std::move(line));
  }
  news_.notify_one();
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
  news_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
  return std::exchange(waiting_, {});
}

void LineQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  news_.notify_one();
}

}  // namespace ringway::log
