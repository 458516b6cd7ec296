// sd_listen_fds(3): the sockets begin at 3, and are meant for the process whose number
// LISTEN_PID says. The file of a unix socket is its giver's: it is never removed here.
#include "net/listener_sockets_given.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

namespace ringway::net {
namespace {

constexpr int first_fd = 3;
constexpr long given_max = 1024;

long number_in(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::strtol(text, nullptr, 10) : 0;
}

bool listens(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;
}

// As a listener that was opened here.
void prepare(int fd) {
  const int on = 1;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // Not of unix sockets.
}

std::string address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return "";
  return Address::from(reinterpret_cast<sockaddr*>(&storage), length).text();
}

}  // namespace

GivenListeners::GivenListeners() {
  const long count = number_in("LISTEN_PID") == ::getpid() ? number_in("LISTEN_FDS") : 0;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  for (int fd = first_fd; fd < first_fd + std::min(count, given_max); ++fd) {
    if (!listens(fd)) continue;
    prepare(fd);
    given_.push_back({fd, address_of(fd)});
  }
}

GivenListeners::~GivenListeners() {
  for (const Given& given : given_) ::close(given.fd);
}

std::optional<int> GivenListeners::take(std::string_view bind) {
  const auto address = Address::parse(bind);
  if (!address) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (Given& given : given_) {
    if (given.in_use || given.address != address->text()) continue;
    given.in_use = true;
    return given.fd;
  }
  return std::nullopt;
}

bool GivenListeners::has(int fd) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::count(given_, fd, &Given::fd) > 0;
}

bool GivenListeners::give_back(int fd) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(given_, fd, &Given::fd);
  if (found == given_.end()) return false;
  found->in_use = false;
  return true;
}

std::vector<std::string> GivenListeners::unused() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> addresses;
  for (const Given& given : given_) {
    if (!given.in_use) addresses.push_back(given.address);
  }
  return addresses;
}

}  // namespace ringway::net
