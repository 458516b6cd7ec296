// Signals as something to wait for: blocked everywhere, read from one descriptor. So
// no code of ours runs inside a signal handler, but for one at the end: it must end the
// process whatever all threads are at.
#pragma once

#include <string>

#include "ringway/base/time.h"

namespace ringway::cli {

class Signals {
 public:
  // Before all else in main: what would stop or kill a process that is not so far yet, or that
  // has no use for it, waits until a Signals is made. Not SIGTERM, SIGINT and SIGTSTP, nor what
  // asks for a core.
  static void hold();
  // For subcommands that are over in a moment: all is as hold() found it.
  static void release();

  // Made before any thread, so that all inherit the mask. SIGTERM and SIGINT wait, too, from
  // now on.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal, or 0 when `at_most` has passed or somebody has woken it.
  int wait(Duration at_most);
  // Any thread.
  void wake();

  // wait() brings neither SIGTERM nor SIGINT any more: the next one sets hurried(), wakes, and
  // ends the process after `hurry_time`; one more does so at once.
  void expect_hurry();
  static bool hurried();
  // The process ends when so much time has passed, whatever it is at; earlier if hurried().
  void end_within(Duration at_most);

  static constexpr Duration hurry_time = std::chrono::milliseconds(250);

 private:
  int fd_ = -1;
};

// Whether a signal has any meaning here, and what to say of one that has none.
bool is_used(int signal);
std::string why_unused(int signal);

}  // namespace ringway::cli
