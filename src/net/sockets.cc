// Socket options that fail leave the kernel's defaults, which work too. A clock or a
// seed that fails ends the process: there is no going on without.
#include "net/sockets.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ringway/base/assert.h"

namespace ringway::net {
namespace {

void set(int fd, int level, int option, int value) {
  // Failing leaves the kernel's default, which works too.
  ::setsockopt(fd, level, option, &value, sizeof value);
}

void set_if_given(int fd, int option, int value) {
  if (value > 0) set(fd, IPPROTO_TCP, option, value);
}

void set_tcp_options(int fd, const SocketOptions& options) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_if_given(fd, TCP_USER_TIMEOUT, options.user_timeout_ms);
  if (!options.keepalive) return;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_if_given(fd, TCP_KEEPIDLE, options.keepalive_idle_s);
  set_if_given(fd, TCP_KEEPINTVL, options.keepalive_interval_s);
  set_if_given(fd, TCP_KEEPCNT, options.keepalive_probes);
}

}  // namespace

int open_stream_socket(const Address& address, const SocketOptions& options) {
  RINGWAY_ASSERT(!address.empty());
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (address.family() != AF_UNIX) set_tcp_options(fd, options);
  return fd;
}

bool accept_goes_on(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EAGAIN:
    case EPROTO:
    case EPERM:  // A firewall rule refused this one.
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
  }
}

bool has_arrived(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

Instant monotonic_now() {
  timespec now;
  const int result = ::clock_gettime(CLOCK_MONOTONIC, &now);
  RINGWAY_ASSERT(result == 0);
  return Instant(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
}

Duration thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::int64_t unix_seconds() {
  return ::time(nullptr);
}

std::uint64_t system_seed() {
  std::uint64_t seed = 0;
  const ssize_t bytes = ::getrandom(&seed, sizeof seed, 0);
  RINGWAY_ASSERT(bytes == sizeof seed);
  return seed;
}

int own_process_id() {
  return ::getpid();
}

std::string peer_text(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (::getpeername(fd, address, &length) != 0) return "somebody";
  if (storage.ss_family != AF_UNIX) return Address::from(address, length).text();
  ucred who{};
  socklen_t who_length = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_length) != 0) return "somebody";
  return "process " + std::to_string(who.pid) + " of user " + std::to_string(who.uid);
}

}  // namespace ringway::net
