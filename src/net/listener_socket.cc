// Opening with patience, where it may block, never on a worker's thread: an address that is
// taken is tried again, a unix socket that nobody answers on is replaced, one that
// somebody answers on never is.
#include "net/listener_socket.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "ringway/base/assert.h"

#include "net/address.h"

namespace ringway::net {
namespace {

constexpr int bind_attempts_max = 21;
constexpr long bind_pause_ms = 50;
constexpr int looks_max = 5;
constexpr long look_pause_ms = 250;
// Ended after five minutes of silence and four questions without an answer.
constexpr int keepalive_idle_s = 300;
constexpr int keepalive_interval_s = 30;
constexpr int keepalive_probes = 4;

constexpr std::string_view of_this_machine =
    "write an address of this machine, or 0.0.0.0 or [::] for all of its kind";
constexpr std::string_view somebody_else =
    "end that program, or take another address; who it is: ss -lntxp";
constexpr std::string_view in_a_folder =
    "make that folder and let ringway's user write to it; under systemd: RuntimeDirectory=";

std::string_view remedy_of(int error) {
  switch (error) {
    case EADDRINUSE: return somebody_else;
    case EADDRNOTAVAIL: return of_this_machine;
    case EAFNOSUPPORT: return "take an address of a kind that this machine has: it may lack IPv6";
    case EMFILE:
    case ENFILE: return "raise the limit of open files; under systemd: LimitNOFILE=";
    case ENOMEM:
    case ENOBUFS: return "free memory, or give the machine or container more";
    case ENOENT:
    case ENOTDIR:
    case EROFS:
    case EACCES:
    case EPERM: return in_a_folder;
    case ENOSPC:
    case EDQUOT: return "make room on that disk, or take a folder on another one, like /run";
    default: return "take another address, or mend what the system complains about";
  }
}

std::unexpected<NoSocket> no_listener(const Address& address, std::string_view what,
                                      std::string_view remedy) {
  return std::unexpected(NoSocket{"cannot listen on " + address.text() + ": " + std::string(what),
                                  std::string(remedy)});
}

std::unexpected<NoSocket> no_listener(const Address& address, int error) {
  return no_listener(address, std::strerror(error), remedy_of(error));
}

void turn_on(int fd, int level, int option) {
  const int on = 1;
  const int result = ::setsockopt(fd, level, option, &on, sizeof on);
  RINGWAY_ASSERT(result == 0);
}

void set_tcp(int fd, int option, int value) {
  const int result = ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
  RINGWAY_ASSERT(result == 0);
}

// A client whose machine is gone says no goodbye, and would count for ever.
void set_keepalive(int fd) {
  turn_on(fd, SOL_SOCKET, SO_KEEPALIVE);
  set_tcp(fd, TCP_KEEPIDLE, keepalive_idle_s);
  set_tcp(fd, TCP_KEEPINTVL, keepalive_interval_s);
  set_tcp(fd, TCP_KEEPCNT, keepalive_probes);
}

// Accepted sockets inherit TCP_NODELAY and keepalive.
void set_tcp_options(int fd, const Address& address) {
  turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
  set_keepalive(fd);
  turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
  if (address.family() == AF_INET6) turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

int bind_and_listen(int fd, const Address& address, int backlog) {
  if (::bind(fd, address.data(), address.size()) != 0) return errno;
  return ::listen(fd, backlog) == 0 ? 0 : errno;
}

void sleep_ms(long ms) {
  const timespec pause{.tv_sec = 0, .tv_nsec = ms * 1'000'000};
  ::nanosleep(&pause, nullptr);
}

// The address may be taken only by a listen() that another process still owns in
// the kernel's hands.
int bind_patiently(int fd, const Address& address, int backlog) {
  int error = bind_and_listen(fd, address, backlog);
  for (int i = 1; i < bind_attempts_max && error == EADDRINUSE; ++i) {
    sleep_ms(bind_pause_ms);
    error = bind_and_listen(fd, address, backlog);
  }
  return error;
}

// What the listener is bound to.
Address bound_to(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  const int result = ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  RINGWAY_ASSERT(result == 0);
  return Address::from(reinterpret_cast<sockaddr*>(&storage), length);
}

bool is_there(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

// Which files of unix sockets are ours, by the fds of their listeners. The name says too little:
// somebody may have removed the file, and a successor put its own there.
class SocketFiles {
 public:
  void made(int fd, const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return;
    const std::lock_guard lock(mutex_);
    files_[fd] = {status.st_dev, status.st_ino};
  }

  bool is_ours(int fd, const std::string& path) const {
    struct stat status {};
    if (path.empty() || ::lstat(path.c_str(), &status) != 0) return false;
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(fd);
    return found != files_.end() && found->second == std::pair(status.st_dev, status.st_ino);
  }

  void forget(int fd) {
    const std::lock_guard lock(mutex_);
    files_.erase(fd);
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, std::pair<dev_t, ino_t>> files_;
};

SocketFiles& socket_files() {
  static SocketFiles only;
  return only;
}

enum class Occupant { none, dead, alive, no_socket };

// Who is behind the file of a unix socket.
Occupant occupant_of(const Address& address) {
  struct stat status {};
  const std::string path(address.path());
  if (::lstat(path.c_str(), &status) != 0) return Occupant::none;
  if (!S_ISSOCK(status.st_mode)) return Occupant::no_socket;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Occupant::alive;
  const bool refused = ::connect(fd, address.data(), address.size()) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused ? Occupant::dead : Occupant::alive;
}

// A killed predecessor may hold its socket for a moment more, as with TCP. Looked at
// less often: each look takes a place in the backlog of whoever is alive.
Occupant patient_occupant_of(const Address& address) {
  Occupant occupant = occupant_of(address);
  for (int i = 1; i < looks_max && occupant == Occupant::alive; ++i) {
    sleep_ms(look_pause_ms);
    occupant = occupant_of(address);
  }
  return occupant;
}

std::string what_is_there(const std::string& path) {
  struct stat status {};
  const bool folder = ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return std::string("there is a ") + (folder ? "folder" : "file") +
         " of that name which is no socket";
}

// The mode is set before bind, so that nobody gets in through a moment of wider
// permissions, and after it, because the umask took something away.
std::expected<int, NoSocket> open_unix(int fd, const Address& address, int backlog, mode_t mode) {
  const std::string path(address.path());
  switch (patient_occupant_of(address)) {
    case Occupant::alive:
      return no_listener(address, "another program listens there", somebody_else);
    case Occupant::no_socket:
      return no_listener(address, what_is_there(path), "take it away, or name another path");
    case Occupant::dead: ::unlink(path.c_str()); break;
    case Occupant::none: break;
  }
  ::fchmod(fd, mode);
  const int error = bind_and_listen(fd, address, backlog);
  if (error != 0) return no_listener(address, error);
  socket_files().made(fd, path);
  if (::chmod(path.c_str(), mode) != 0) {
    const int why = errno;
    ::unlink(path.c_str());
    socket_files().forget(fd);
    return no_listener(address, why);
  }
  return fd;
}

std::expected<int, NoSocket> open_tcp(int fd, const Address& address, int backlog) {
  set_tcp_options(fd, address);
  const int error = bind_patiently(fd, address, backlog);
  switch (error) {
    case 0: return fd;
    case EADDRINUSE: return no_listener(address, "another program listens there", somebody_else);
    case EADDRNOTAVAIL:
      return no_listener(address, "this machine has no such address", of_this_machine);
    case EACCES:
      return no_listener(address, "this port needs CAP_NET_BIND_SERVICE",
                         "take a port above 1023, or give it; under systemd: "
                         "AmbientCapabilities=CAP_NET_BIND_SERVICE");
    default: return no_listener(address, error);
  }
}

}  // namespace

std::expected<int, NoSocket> open_listener(std::string_view bind, int backlog, mode_t unix_mode) {
  const auto address = Address::parse(bind);
  if (!address) {
    return std::unexpected(NoSocket{
        "cannot listen on '" + std::string(bind) + "': " + address.error(),
        "write a numeric address with its port, 127.0.0.1:11311 or [::1]:11311, or a short "
        "path: unix:/run/ringway/web.sock"});
  }
  const int fd = ::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return no_listener(*address, errno);
  auto result = address->family() == AF_UNIX ? open_unix(fd, *address, backlog, unix_mode)
                                             : open_tcp(fd, *address, backlog);
  if (!result) ::close(fd);
  return result;
}

// A second listen() sets the length of the backlog and nothing else.
std::expected<void, NoSocket> adjust_listener(int fd, int backlog, mode_t unix_mode) {
  const Address address = bound_to(fd);
  const std::string path(address.path());
  const bool another = !path.empty() && is_there(path) && !socket_files().is_ours(fd, path);
  if (!path.empty() && !another && ::chmod(path.c_str(), unix_mode) != 0) {
    const int error = errno;
    return std::unexpected(NoSocket{address.text() + " keeps its mode: " + std::strerror(error),
                                    error == ENOENT
                                        ? "somebody has removed it: reload once more, which makes "
                                          "it anew"
                                        : std::string(remedy_of(error))});
  }
  if (::listen(fd, backlog) != 0) {
    const int error = errno;
    return std::unexpected(NoSocket{address.text() + " keeps its backlog: " + std::strerror(error),
                                    std::string(remedy_of(error))});
  }
  return {};
}

void abandon_listener(int fd) {
  RINGWAY_ASSERT(fd >= 0);
  const std::string path(bound_to(fd).path());
  if (socket_files().is_ours(fd, path)) ::unlink(path.c_str());
  socket_files().forget(fd);
}

void close_listener(int fd) {
  abandon_listener(fd);
  ::close(fd);
}

bool listener_is_lost(int fd) {
  const std::string path(bound_to(fd).path());
  struct stat status {};
  if (path.empty()) return false;
  return ::lstat(path.c_str(), &status) == 0 ? !S_ISSOCK(status.st_mode) : errno == ENOENT;
}

}  // namespace ringway::net
