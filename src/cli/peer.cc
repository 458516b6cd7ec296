// See peer.h. Timeouts are the socket's own: SO_SNDTIMEO bounds connect as well. A clock is
// read only where many answers share one time.
#include "cli/peer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "net/address.h"
#include "net/sockets.h"

namespace ringway::cli {
namespace {

std::unexpected<std::string> failed(const char* what) {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS) {
    return failure(std::string(what) + ": timed out");
  }
  return failure(std::string(what) + ": " + std::strerror(errno));
}

Result<net::Address> looked_up(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return failure("a port is missing: write ADDRESS:PORT");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return failure(std::string("does not resolve: ") + ::gai_strerror(error));
  }
  net::Address lowest;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const auto address = net::Address::from(entry->ai_addr, entry->ai_addrlen);
    if (lowest.empty() || address.text() < lowest.text()) lowest = address;
  }
  ::freeaddrinfo(found);
  return lowest;
}

// A resolver has no limit of its own: it is left to itself when the time is over.
Result<net::Address> looked_up_within(const std::string& text, Duration timeout) {
  auto asked = std::make_shared<std::packaged_task<Result<net::Address>()>>(
      [text] { return looked_up(text); });
  auto found = asked->get_future();
  try {
    std::thread([asked] { (*asked)(); }).detach();
  } catch (const std::system_error&) {
    return failure("does not resolve: no thread can be had");
  }
  if (found.wait_for(timeout) != std::future_status::ready) {
    return failure("does not resolve: timed out");
  }
  return found.get();
}

// At least a moment: 0 were for ever.
void bound(int fd, Duration timeout) {
  timeout = std::max<Duration>(timeout, std::chrono::milliseconds(1));
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  const timeval limit{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

Result<Peer> Peer::connect(const std::string& address, Duration timeout) {
  const Instant deadline = net::monotonic_now() + timeout;
  auto parsed = net::Address::parse(address);
  if (!parsed) parsed = looked_up_within(address, timeout);
  if (!parsed) return std::unexpected(parsed.error());
  const int fd = ::socket(parsed->family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("cannot open a socket");
  Peer peer(fd);
  bound(fd, deadline - net::monotonic_now());
  const int one = 1;
  if (parsed->family() != AF_UNIX) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  if (::connect(fd, parsed->data(), parsed->size()) != 0) return failed("cannot connect");
  bound(fd, timeout);
  return peer;
}

Peer::Peer(Peer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}

Peer& Peer::operator=(Peer&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(input_, other.input_);
  return *this;
}

Peer::~Peer() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failed("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<bool> Peer::more() {
  if (input_.size() > answer_bytes_max) return failure("the answer is too long");
  char buffer[16 * 1024];
  ssize_t got = 0;
  do {
    got = ::recv(fd_, buffer, sizeof buffer, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return failed("no answer");
  input_.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

Result<std::string> Peer::line() {
  std::size_t end = 0;
  while ((end = input_.find('\n', end)) == input_.npos) {
    end = input_.size();
    const auto open = more();
    if (!open) return std::unexpected(open.error());
    if (!*open) return failure("it closed the connection");
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::string> Peer::bytes(std::size_t count) {
  while (input_.size() < count) {
    const auto open = more();
    if (!open) return std::unexpected(open.error());
    if (!*open) return failure("it closed the connection");
  }
  std::string taken = input_.substr(0, count);
  input_.erase(0, count);
  return taken;
}

Result<std::string> Peer::rest(Duration within, std::size_t enough) {
  const Instant deadline = net::monotonic_now() + within;
  while (input_.size() < enough) {
    const Duration left = deadline - net::monotonic_now();
    if (left <= Duration::zero()) return failure("no answer: timed out");
    bound(fd_, left);
    const auto open = more();
    if (!open) return std::unexpected(open.error());
    if (!*open) break;
  }
  return std::exchange(input_, {});
}

}  // namespace ringway::cli
