// EpollIo::wait(): speak first (queued sends), then sleep, then read what came. What
// finds no room in the arena or among the completions stays in the kernel, which
// reports it again, and makes drained() false.
#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "net/epoll_io.h"
#include "net/sockets.h"

namespace ringway::net {
namespace {

constexpr int accepts_per_event_max = 64;
constexpr std::size_t read_bytes_max = 64 * 1024;
constexpr std::size_t read_bytes_min = 4 * 1024;
constexpr std::size_t arena_step = 64;  // Slices start on cache lines of their own.
constexpr Duration sleep_max = std::chrono::hours(1);

// epoll_pwait2 (Linux 5.11) knows nanoseconds; before it a deadline is met up to a
// millisecond late, never early.
int wait_for_events(int epoll_fd, std::span<epoll_event> events, Duration timeout) {
  static bool has_pwait2 = true;
  const auto room = static_cast<int>(events.size());
  if (has_pwait2) {
    const timespec limit{.tv_sec = timeout.count() / 1'000'000'000,
                         .tv_nsec = timeout.count() % 1'000'000'000};
    const int count = ::epoll_pwait2(epoll_fd, events.data(), room, &limit, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_pwait2 = false;
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return ::epoll_wait(epoll_fd, events.data(), room, static_cast<int>(ms));
}

}  // namespace

std::span<const Completion> EpollIo::wait(Instant deadline, const Expected& /*expected*/) {
  RINGWAY_ASSERT(!waiting_);
  ++counters_.waits;
  waiting_ = true;
  woken_ = false;
  count_ = 0;
  arena_used_ = 0;
  left_behind_ = false;
  hand_over_owed();
  send_queued();
  do {
    const int events = poll(count_ > 0 ? now_ : deadline);
    for (int i = 0; i < events; ++i) land(events_[static_cast<std::size_t>(i)]);
    if (events == static_cast<int>(events_.size())) left_behind_ = true;
    now_ = monotonic_now();
  } while (count_ == 0 && !woken_ && now_ < deadline);
  notice_wake();
  drained_ = owed_.empty() && !left_behind_;
  waiting_ = false;
  return {completions_.data(), count_};
}

void EpollIo::hand_over_owed() {
  const std::size_t count = std::min(owed_.size(), completions_.size());
  std::copy_n(owed_.begin(), count, completions_.begin());
  owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(count));
  count_ = count;
}

// An entry may be older than a cancel, or double after a cancel and a new send.
void EpollIo::send_queued() {
  for (const int fd : to_send_) {
    Socket& socket = socket_of(fd);
    if (socket.sending != nullptr && !socket.send_blocked) try_send(fd, socket);
  }
  to_send_.clear();
}

// Returns how many events there are; none if a signal came.
int EpollIo::poll(Instant deadline) {
  Duration timeout = Duration::zero();
  if (deadline > now_) {
    const Instant start = monotonic_now();
    if (deadline > start) timeout = deadline - start < sleep_max ? deadline - start : sleep_max;
  }
  const int count = wait_for_events(epoll_fd_, events_, timeout);
  ++counters_.syscalls;
  RINGWAY_ASSERT(count >= 0 || errno == EINTR);
  return std::max(count, 0);
}

void EpollIo::land(const epoll_event& event) {
  const int fd = event.data.fd;
  if (fd == wake_fd_) {
    ++counters_.wakes;
    woken_ = true;
    return;
  }
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.watched != 0);
  if (socket.setup == Setup::accepting) return accept_some(fd, socket);
  if (socket.setup == Setup::connecting) return on_connected(fd, socket);
  constexpr std::uint32_t failed = EPOLLERR | EPOLLHUP;
  if (socket.send_blocked && (event.events & (EPOLLOUT | failed)) != 0) try_send(fd, socket);
  const bool reads = socket.receiving && !socket.paused;
  if (reads && (event.events & (EPOLLIN | failed)) != 0) read_some(fd, socket);
}

void EpollIo::accept_some(int fd, Socket& socket) {
  for (int i = 0; i < accepts_per_event_max && room(); ++i) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ++counters_.syscalls;
    if (accepted >= 0) {
      if (socket.accepts_one) return finish_setup(fd, socket, accepted);
      report({.token = socket.setup_token, .result = accepted, .last = false});
      continue;
    }
    if (errno == EAGAIN) return;
    if (!accept_goes_on(errno)) return finish_setup(fd, socket, -errno);
  }
  left_behind_ = true;
}

void EpollIo::on_connected(int fd, Socket& socket) {
  int error = 0;
  socklen_t length = sizeof error;
  const int result = ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  RINGWAY_ASSERT(result == 0);
  ++counters_.syscalls;
  finish_setup(fd, socket, -error);
}

// One read per event: whoever has more is reported again, after the others.
void EpollIo::read_some(int fd, Socket& socket) {
  const std::size_t left = settings_.arena_bytes - arena_used_;
  if (!room() || left < std::min<std::size_t>(read_bytes_min, settings_.arena_bytes)) {
    left_behind_ = true;
    return;
  }
  char* slice = arena_.get() + arena_used_;
  const std::size_t size = std::min(left, read_bytes_max);
  const ssize_t got = ::recv(fd, slice, size, 0);
  ++counters_.syscalls;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return finish_recv(fd, socket, got == 0 ? 0 : -errno);
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes == size) left_behind_ = true;
  arena_used_ = std::min<std::size_t>(
      settings_.arena_bytes, arena_used_ + (bytes + arena_step - 1) / arena_step * arena_step);
  report({.token = socket.recv_token,
          .result = static_cast<std::int32_t>(bytes),
          .last = false,
          .bytes = {slice, bytes}});
}

void EpollIo::try_send(int fd, Socket& socket) {
  SendOperation& operation = *socket.sending;
  while (!operation.done()) {
    const ssize_t sent = ::sendmsg(fd, operation.message(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ++counters_.syscalls;
    if (sent >= 0) {
      operation.advance(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return finish_send(fd, socket, -errno);
    if (!socket.send_blocked) ++counters_.sends_continued;
    socket.send_blocked = true;
    return watch(fd, socket);
  }
  finish_send(fd, socket, static_cast<std::int32_t>(operation.total));
}

void EpollIo::notice_wake() {
  if (!wake_sent_.load(std::memory_order_relaxed)) return;
  wake_sent_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace ringway::net
