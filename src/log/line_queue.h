// The lines that wait to be written: bounded, so that a slow disk costs old lines and
// never memory or the time of who logs. spdlog's own queue is allocated in full in
// advance, 3.3 MB for 8,192 lines, which a sidecar cannot spare.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "log/line.h"

namespace ringway::log {

struct Line {
  Time time;
  Level level;
  std::string message;
};

class LineQueue {
 public:
  static constexpr std::size_t lines_max = 8192;

  struct Batch {
    std::deque<Line> lines;
    std::uint64_t lost = 0;  // Older than all of `lines`.
    bool reopen = false;     // Somebody asked for a new file.

    bool empty() const { return lines.empty() && !reopen; }
  };

  // Drops the oldest line if lines_max wait.
  void push(Line line);

  void ask_to_reopen();

  // Waits for news. An empty batch: the queue is ended and everything was taken.
  Batch take();

  // Lines pushed before are still taken.
  void end();

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  Batch waiting_;
  bool ended_ = false;
};

}  // namespace ringway::log
