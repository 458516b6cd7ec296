// The stage on real sockets, for the io_uring and the epoll Io: peers are
// non-blocking sockets of this very thread, on loopback or in a fresh directory.
// The environment variable RINGWAY_IO says which Io is put on it.
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "ringway/base/assert.h"

#include "net/epoll_io.h"
#include "net/io_world.h"
#include "net/listener_socket.h"
#include "net/uring_io.h"

namespace ringway::net::testing {
namespace {

constexpr int backlog = 128;

std::unique_ptr<Io> open_uring(IoSettings settings, TaskRun task_run) {
  settings.task_run = task_run;
  auto io = UringIo::open(settings);
  RINGWAY_ASSERT(io && "this machine refuses io_uring");
  return std::move(*io);
}

std::unique_ptr<Io> open_named_io(const IoSettings& settings) {
  const char* given = ::getenv("RINGWAY_IO");
  const std::string_view name = given == nullptr ? "io_uring" : given;
  if (name == "io_uring") return open_uring(settings, TaskRun::deferred);
  if (name == "io_uring_coop") return open_uring(settings, TaskRun::cooperative);
  if (name == "io_uring_plain") return open_uring(settings, TaskRun::plain);
  RINGWAY_ASSERT(name == "epoll");
  return std::move(*EpollIo::open(settings));
}

Address address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return Address::from(reinterpret_cast<sockaddr*>(&storage), length);
}

class RealWorld final : public IoWorld {
 public:
  explicit RealWorld(const IoSettings& settings) : io_(open_named_io(settings)) {
    char name[] = "/tmp/ringway-net-XXXXXX";
    directory_ = ::mkdtemp(name);
  }

  ~RealWorld() override {
    for (std::thread& waker : wakers_) waker.join();
    io_.reset();
    for (const int fd : peers_) {
      if (fd >= 0) ::close(fd);
    }
    for (const int fd : listeners_) ::close(fd);
    std::filesystem::remove_all(directory_);
  }

  Io& io() override { return *io_; }

  Listener listen(Transport transport) override {
    const int fd = open(transport, backlog);
    return {.fd = fd, .address = address_of(fd)};
  }

  PeerId connect_peer(const Address& address) override {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int result = ::connect(fd, address.data(), address.size());
    RINGWAY_ASSERT(result == 0 || errno == EINPROGRESS);
    return add_peer(fd);
  }

  Address peer_listen(Transport transport) override { return address_of(open(transport, backlog)); }

  std::optional<PeerId> peer_accept(const Address& address) override {
    for (const int listener : listeners_) {
      if (!(address_of(listener) == address)) continue;
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) return add_peer(fd);
    }
    return std::nullopt;
  }

  Address nobody_listens(Transport transport) override {
    const int fd = open(transport, backlog);
    const Address address = address_of(fd);
    listeners_.pop_back();
    ::close(fd);  // A unix socket's file stays, and refuses.
    return address;
  }

  // A backlog of none still holds one or two; it is full when a connect waits.
  Address full_backlog(Transport transport) override {
    const Address address = address_of(open(transport, 0));
    for (int i = 0; i < 8; ++i) {
      const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      const bool done = ::connect(fd, address.data(), address.size()) == 0;
      add_peer(fd);
      if (done) continue;
      pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
      if (errno == EAGAIN || ::poll(&waiting, 1, 20) == 0) return address;
    }
    RINGWAY_ASSERT(false && "the backlog never filled");
    return address;
  }

  std::size_t peer_write(PeerId peer, Bytes bytes) override {
    const ssize_t count = ::send(fd_of(peer), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  std::string peer_read(PeerId peer, std::size_t bytes_max) override {
    std::string bytes(bytes_max, '\0');
    const ssize_t count = ::recv(fd_of(peer), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  bool peer_ended(PeerId peer) override {
    char byte;
    const ssize_t count = ::recv(fd_of(peer), &byte, 1, MSG_PEEK);
    return count == 0 || (count < 0 && errno != EAGAIN);
  }

  void peer_finish_sending(PeerId peer) override { ::shutdown(fd_of(peer), SHUT_WR); }

  void peer_close(PeerId peer) override { ::close(std::exchange(fd_of(peer), -1)); }

  void peer_reset(PeerId peer) override {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_of(peer), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer_close(peer);
  }

  void wake_after(Duration delay) override {
    wakers_.emplace_back([this, delay] {
      std::this_thread::sleep_for(delay);
      io_->wake();
    });
  }

 private:
  int open(Transport transport, int length) {
    const std::string path =
        "unix:" + directory_ + "/" + std::to_string(listeners_made_++) + ".sock";
    const char* bind = transport == Transport::tcp4   ? "127.0.0.1:0"
                       : transport == Transport::tcp6 ? "[::1]:0"
                                                      : path.c_str();
    const auto fd = open_listener(bind, length, 0600);
    RINGWAY_ASSERT(fd.has_value());
    listeners_.push_back(*fd);
    return *fd;
  }

  PeerId add_peer(int fd) {
    RINGWAY_ASSERT(fd >= 0);
    peers_.push_back(fd);
    return static_cast<PeerId>(peers_.size()) - 1;
  }

  int& fd_of(PeerId peer) { return peers_[static_cast<std::size_t>(peer)]; }

  std::unique_ptr<Io> io_;
  std::string directory_;
  int listeners_made_ = 0;
  std::vector<int> listeners_;
  std::vector<int> peers_;
  std::vector<std::thread> wakers_;
};

}  // namespace

std::unique_ptr<IoWorld> open_io_world(const IoSettings& settings) {
  return std::make_unique<RealWorld>(settings);
}

}  // namespace ringway::net::testing
