// Signals as something to wait for: blocked everywhere, read from one descriptor. So
// no code of ours ever runs inside a signal handler.
#pragma once

#include <initializer_list>

#include "ringway/base/time.h"

namespace ringway::cli {

class Signals {
 public:
  // These wait from now on, until a Signals that has them is made, instead of ending a
  // process that is not so far yet.
  static void hold(std::initializer_list<int> signals);

  // Made before any thread, so that all inherit the mask. SIGPIPE is ignored.
  explicit Signals(std::initializer_list<int> signals);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal, or 0 when `at_most` has passed or somebody has woken it.
  int wait(Duration at_most);
  // Any thread.
  void wake();

 private:
  int fd_ = -1;
  int wake_fd_ = -1;
};

}  // namespace ringway::cli
