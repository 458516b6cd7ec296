// signalfd and poll, on main's thread alone. A wait ends up to a millisecond
// late rather than early, so that whoever waits for a deadline does not spin before it.
#include "daemon/signals.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ringway/base/assert.h"

namespace ringway::cli {
namespace {

constexpr int reloading[] = {SIGHUP, SIGUSR1};
constexpr int ending[] = {SIGTERM, SIGINT};
// By default they stop or end a process. Those that other routers have a use for are among them.
constexpr int unused[] = {SIGTTIN, SIGTTOU, SIGUSR2, SIGALRM,   SIGVTALRM,
                          SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT, SIGXCPU};

sigset_t set_before_hold;

// What the handler needs: it can be given nothing.
std::atomic<bool> is_hurried{false};
std::atomic<int> wake_fd{-1};
std::atomic<timer_t*> end_timer{nullptr};

sigset_t waiting_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : reloading) sigaddset(&set, signal);
  for (const int signal : unused) sigaddset(&set, signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&set, signal);
  return set;
}

void wake_up() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_fd, &one, sizeof one);
}

// Async-signal-safe. False: there is no timer.
bool start_end_timer(Duration time) {
  timer_t* timer = end_timer;
  const itimerspec at{.it_interval = {},
                      .it_value = {.tv_sec = time.count() / 1'000'000'000,
                                   .tv_nsec = time.count() % 1'000'000'000}};
  return timer != nullptr && ::timer_settime(*timer, 0, &at, nullptr) == 0;
}

// The timer sends SIGTERM, too.
void on_hurry(int /*signal*/) {
  if (is_hurried.exchange(true) || !start_end_timer(Signals::hurry_time)) ::_exit(0);
  wake_up();
}

}  // namespace

void Signals::hold() {
  const sigset_t set = waiting_signals();
  RINGWAY_ASSERT(pthread_sigmask(SIG_BLOCK, &set, &set_before_hold) == 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

void Signals::release() {
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  RINGWAY_ASSERT(pthread_sigmask(SIG_SETMASK, &set_before_hold, nullptr) == 0);
}

Signals::Signals() {
  static timer_t timer;
  sigset_t set = waiting_signals();
  for (const int signal : ending) sigaddset(&set, signal);
  RINGWAY_ASSERT(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  RINGWAY_ASSERT(fd_ >= 0 && wake_fd >= 0);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGTERM;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) end_timer = &timer;
}

Signals::~Signals() {
  if (timer_t* timer = end_timer.exchange(nullptr)) ::timer_delete(*timer);
  ::close(fd_);
  ::close(wake_fd.exchange(-1));
}

int Signals::wait(Duration at_most) {
  pollfd ready[] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                    {.fd = wake_fd, .events = POLLIN, .revents = 0}};
  const std::int64_t ms = std::clamp<std::int64_t>(to_ms(at_most) + 1, 0, 3'600'000);
  if (::poll(ready, 2, static_cast<int>(ms)) <= 0) return 0;
  if (ready[1].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd, &count, sizeof count);
  }
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

void Signals::wake() {
  wake_up();
}

void Signals::expect_hurry() {
  const sigset_t rest = waiting_signals();
  RINGWAY_ASSERT(signalfd(fd_, &rest, 0) == fd_);
  sigset_t set;
  sigemptyset(&set);
  struct sigaction action {};
  action.sa_handler = on_hurry;
  for (const int signal : ending) {
    sigaddset(&set, signal);
    ::sigaction(signal, &action, nullptr);
  }
  RINGWAY_ASSERT(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
}

bool Signals::hurried() {
  return is_hurried;
}

// Whoever was hurried has a time set already, and less of it.
void Signals::end_within(Duration at_most) {
  if (!is_hurried.exchange(true)) start_end_timer(at_most);
}

bool is_used(int signal) {
  return std::ranges::count(reloading, signal) + std::ranges::count(ending, signal) > 0;
}

std::string why_unused(int signal) {
  const char* known = ::sigabbrev_np(signal);
  const std::string name =
      known ? fmt::format("SIG{}", known) : fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
  const std::string text = name + " is not used here";
  switch (signal) {
    case SIGTTIN:
    case SIGTTOU: return text + ": [log] level says how much is logged, and SIGHUP reads it anew";
    case SIGUSR2: return text + ": SIGHUP reloads; a restart is SIGTERM and a new start";
    default: return text;
  }
}

}  // namespace ringway::cli
