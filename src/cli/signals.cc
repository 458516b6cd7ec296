// signalfd and poll, on main's thread alone. A wait ends up to a millisecond
// late rather than early, so that whoever waits for a deadline does not spin before it.
#include "cli/signals.h"

#include <algorithm>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ringway/base/assert.h"

namespace ringway::cli {

namespace {

sigset_t blocked(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  RINGWAY_ASSERT(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  return set;
}

}  // namespace

void Signals::hold(std::initializer_list<int> signals) {
  blocked(signals);
}

Signals::Signals(std::initializer_list<int> signals) {
  const sigset_t set = blocked(signals);
  ::signal(SIGPIPE, SIG_IGN);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  RINGWAY_ASSERT(fd_ >= 0 && wake_fd_ >= 0);
}

Signals::~Signals() {
  ::close(fd_);
  ::close(wake_fd_);
}

int Signals::wait(Duration at_most) {
  pollfd ready[] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                    {.fd = wake_fd_, .events = POLLIN, .revents = 0}};
  const std::int64_t ms = std::clamp<std::int64_t>(to_ms(at_most) + 1, 0, 3'600'000);
  if (::poll(ready, 2, static_cast<int>(ms)) <= 0) return 0;
  if (ready[1].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
  }
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

void Signals::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_fd_, &one, sizeof one);
}

}  // namespace ringway::cli
