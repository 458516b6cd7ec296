// Names the seed whatever way a run dies. Signal handlers write with write(2) only.
#include "sim/fail.h"

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace ringway::sim {
namespace {

char replay_line[128];

void write_replay_line() {
  const auto written = ::write(STDERR_FILENO, replay_line, std::strlen(replay_line));
  static_cast<void>(written);
}

void on_signal(int number) {
  write_replay_line();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

void begin_run(std::uint64_t seed) {
  std::snprintf(replay_line, sizeof replay_line, "\nREPLAY: scripts/sim %llu\n",
                static_cast<unsigned long long>(seed));
  static bool installed = false;
  if (installed) return;
  installed = true;
  for (int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(write_replay_line);
#endif
}

void fail(const char* format, ...) {
  std::fflush(stdout);
  std::fputs("simulation failed: ", stderr);
  std::va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace ringway::sim
