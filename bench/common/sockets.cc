#include "bench/common/sockets.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ringway::bench {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr int backlog = 4096;
constexpr int connect_timeout_s = 5;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::string because(std::string_view what, const std::string& address) {
  return std::string(what) + " " + address + ": " + std::strerror(errno);
}

bool resolve_unix(std::string_view path, SocketAddress& out) {
  sockaddr_un name{};
  if (path.empty() || path.size() >= sizeof(name.sun_path)) return false;
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, path.size());
  std::memcpy(&out.storage, &name, sizeof(name));
  out.size = sizeof(name);
  return true;
}

bool resolve_inet(std::string_view text, SocketAddress& out) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string host(text.substr(0, colon));
  const std::string port(text.substr(colon + 1));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
  out.size = found->ai_addrlen;
  return true;
}

bool resolve(const std::string& address, SocketAddress& out) {
  const std::string_view text = address;
  if (text.starts_with(unix_prefix)) return resolve_unix(text.substr(unix_prefix.size()), out);
  return resolve_inet(text, out);
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  (void)setsockopt(fd, level, name, &on, sizeof(on));
}

Opened give_up(int fd, std::string why) {
  close(fd);
  return std::unexpected(std::move(why));
}

// A socket file left by a server that is gone would make bind() fail for ever.
void remove_stale_socket(const std::string& address) {
  const std::string path = address.substr(unix_prefix.size());
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  const Opened alive = connect_to(address);
  if (alive) {
    close(*alive);
  } else {
    unlink(path.c_str());
  }
}

}  // namespace

Opened connect_to(const std::string& address) {
  SocketAddress target;
  if (!resolve(address, target)) return std::unexpected("no such address: " + address);
  const int fd = socket(target.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(because("socket for", address));
  const timeval patience{.tv_sec = connect_timeout_s, .tv_usec = 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  if (connect(fd, target.get(), target.size) != 0)
    return give_up(fd, because("connect to", address));
  if (target.storage.ss_family != AF_UNIX) set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

Opened listen_on(const std::string& address) {
  SocketAddress local;
  if (!resolve(address, local)) return std::unexpected("no such address: " + address);
  if (local.storage.ss_family == AF_UNIX) remove_stale_socket(address);
  const int fd = socket(local.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(because("socket for", address));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR);
  if (bind(fd, local.get(), local.size) != 0) return give_up(fd, because("bind", address));
  if (listen(fd, backlog) != 0) return give_up(fd, because("listen on", address));
  return fd;
}

void pin_to_core(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  (void)sched_setaffinity(0, sizeof(set), &set);
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool parse_size_range(std::string_view text, std::uint32_t& low, std::uint32_t& high) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, low);
  if (first.ec != std::errc{}) return false;
  if (first.ptr == end) {
    high = low;
    return true;
  }
  if (*first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, high);
  return second.ec == std::errc{} && second.ptr == end && low <= high;
}

}  // namespace ringway::bench
