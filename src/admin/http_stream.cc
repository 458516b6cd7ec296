// Reading and writing with deadlines: every wait is a poll() that the stop event ends
// too, and the clock is read before each.
#include "admin/http_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include "ringway/base/assert.h"

namespace ringway::admin {
namespace {

constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::chrono::seconds stop_time_max{1};

int ms_until(HttpStream::Clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - HttpStream::Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace

HttpStream::HttpStream(int fd, int stop_fd)
    : fd_(fd), stop_fd_(stop_fd), request_deadline_(Clock::now() + request_time_max) {
  RINGWAY_ASSERT(fd >= 0 && stop_fd >= 0);
}

std::string HttpStream::read_head() {
  constexpr std::string_view head_end = "\n\r\n";
  std::string head;
  while (head.size() < head_bytes_max && (input_left() || fill() > 0)) {
    const std::size_t had = head.size();
    head.append(buffer_ + begin_, std::min(end_ - begin_, head_bytes_max - had));
    const std::size_t end = head.find(head_end, had < 2 ? 0 : had - 2);
    if (end != head.npos) head.resize(end + head_end.size());
    begin_ += head.size() - had;
    if (end != head.npos) break;
  }
  return head;
}

std::ptrdiff_t HttpStream::read(char* out, std::size_t size) {
  if (!input_left()) {
    const auto got = fill();
    if (got <= 0) return got;
  }
  const std::size_t count = std::min(size, end_ - begin_);
  std::memcpy(out, buffer_ + begin_, count);
  begin_ += count;
  return static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t HttpStream::fill() {
  const std::size_t wanted = std::min(sizeof buffer_, request_bytes_left_);
  if (wanted == 0 || !wait_readable(request_deadline_)) return -1;
  const auto got = ::recv(fd_, buffer_, wanted, 0);
  if (got <= 0) return got;
  begin_ = 0;
  end_ = static_cast<std::size_t>(got);
  request_bytes_left_ -= end_;
  return got;
}

bool HttpStream::wait_readable(Clock::time_point deadline) {
  pollfd fds[] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  int ready = 0;
  do {
    ready = ::poll(fds, 2, ms_until(deadline));
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && fds[1].revents == 0;
}

// A server that stops gives an answer under way one more second.
bool HttpStream::wait_writable(Clock::time_point deadline) {
  for (nfds_t watched = 2;;) {
    pollfd fds[] = {{fd_, POLLOUT, 0}, {stop_fd_, POLLIN, 0}};
    const int ready = ::poll(fds, watched, ms_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    if (fds[0].revents != 0) return true;
    watched = 1;
    answer_deadline_ = std::min(answer_deadline_, Clock::now() + stop_time_max);
    deadline = std::min(deadline, answer_deadline_);
  }
}

bool HttpStream::write(std::string_view bytes) {
  if (!answered()) answer_deadline_ = Clock::now() + answer_time_max;
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    } else if (!wait_writable(std::min(answer_deadline_, Clock::now() + stall_time_max))) {
      return false;
    }
  }
  return true;
}

void HttpStream::finish() {
  ::shutdown(fd_, SHUT_WR);
  const auto deadline = Clock::now() + linger_time_max;
  std::size_t dropped = 0;
  while (dropped < linger_bytes_max && wait_readable(deadline)) {
    const auto got = ::recv(fd_, buffer_, sizeof buffer_, 0);
    if (got <= 0) return;
    dropped += static_cast<std::size_t>(got);
  }
}

}  // namespace ringway::admin
