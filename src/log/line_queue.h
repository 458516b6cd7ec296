// The lines that wait to be written: bounded, so that a slow disk costs old lines and
// never memory or the time of who logs. spdlog's own queue is allocated in full in
// advance, 3.3 MB for 8,192 lines, which a sidecar cannot spare.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "log/held_lines.h"
#include "log/line.h"

namespace ringway::log {

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

  // Of what a limit looked at: pushed as the one with this number, or held until it is due.
  void push(Line line, const std::string& key, std::uint64_t number);
  void hold(const std::string& key, HeldLines::Held held);

  void ask_to_reopen();

  // Waits for news. An empty batch: the queue is ended and everything was taken.
  Batch take();

  // Lines pushed before are still taken, and those that are held.
  void end();

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  void add(Line line);  // Under the mutex.
  void add_due();
  Batch waiting_;
  HeldLines held_;
  bool ended_ = false;
};

}  // namespace ringway::log
