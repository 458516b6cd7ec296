// What the caller may ask of an EpollIo; the wait itself is in epoll_wait.cc. Nothing
// completes within the call that started it: what ends at once is owed to wait().
#include "net/epoll_io.h"

#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "ringway/base/assert.h"

#include "net/sockets.h"

namespace ringway::net {

EpollIo::EpollIo(const IoSettings& settings)
    : settings_(settings),
      now_(monotonic_now()),
      chance_(settings.seed != 0 ? settings.seed : system_seed()),
      arena_(std::make_unique_for_overwrite<char[]>(settings.arena_bytes)) {}

std::expected<std::unique_ptr<EpollIo>, int> EpollIo::open(const IoSettings& settings) {
  auto io = std::unique_ptr<EpollIo>(new EpollIo(settings));
  io->epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  io->wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (io->epoll_fd_ < 0 || io->wake_fd_ < 0) return std::unexpected(errno);
  // Edge-triggered: each write counts, and the eventfd need never be read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = io->wake_fd_}};
  if (::epoll_ctl(io->epoll_fd_, EPOLL_CTL_ADD, io->wake_fd_, &event) != 0) {
    return std::unexpected(errno);
  }
  return io;
}

EpollIo::~EpollIo() {
  for (Socket& socket : sockets_) {
    if (socket.sending != nullptr) sends_.free(*socket.sending);
  }
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

std::int64_t EpollIo::unix_now_s() const {
  return unix_seconds();
}

int EpollIo::process_id() const {
  return own_process_id();
}

std::string EpollIo::peer(int fd) const {
  return peer_text(fd);
}

void EpollIo::wake() {
  if (wake_sent_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t written = ::write(wake_fd_, &one, sizeof one);
  RINGWAY_ASSERT(written == sizeof one);
}

EpollIo::Socket& EpollIo::socket_of(int fd) {
  RINGWAY_ASSERT(fd >= 0);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= sockets_.size()) sockets_.resize(std::bit_ceil(index + 1));
  return sockets_[index];
}

std::uint32_t EpollIo::Socket::needs() const {
  std::uint32_t events = 0;
  if (setup == Setup::accepting || (receiving && !paused)) events |= EPOLLIN;
  if (setup == Setup::connecting || send_blocked) events |= EPOLLOUT;
  return events;
}

void EpollIo::watch(int fd, Socket& socket) {
  const std::uint32_t needs = socket.needs();
  if (needs == socket.watched) return;
  const int change = socket.watched == 0 ? EPOLL_CTL_ADD
                     : needs == 0        ? EPOLL_CTL_DEL
                                         : EPOLL_CTL_MOD;
  epoll_event event{.events = needs, .data = {.fd = fd}};
  const int result = ::epoll_ctl(epoll_fd_, change, fd, &event);
  RINGWAY_ASSERT(result == 0);
  ++counters_.syscalls;
  socket.watched = needs;
}

void EpollIo::accept(Token token, int listener, Accepts accepts) {
  Socket& socket = socket_of(listener);
  RINGWAY_ASSERT(socket.quiet());
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) | O_NONBLOCK);
  socket.setup = Setup::accepting;
  socket.accepts_one = accepts == Accepts::one;
  socket.setup_token = token;
  watch(listener, socket);
}

int EpollIo::connect(Token token, const Address& address, const SocketOptions& options) {
  const int fd = open_stream_socket(address, options);
  if (fd < 0) return fd;
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.quiet() && socket.watched == 0);
  socket.setup = Setup::connecting;
  socket.setup_token = token;
  const int result = ::connect(fd, address.data(), address.size()) == 0 ? 0 : -errno;
  if (result == -EINPROGRESS) {
    watch(fd, socket);
  } else {
    finish_setup(fd, socket, result);
  }
  return fd;
}

void EpollIo::recv(Token token, int fd, Buffers /*all sockets share one arena*/) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(!socket.receiving && socket.setup == Setup::none);
  socket.recv_token = token;
  socket.receiving = true;
  socket.paused = false;
  watch(fd, socket);
}

void EpollIo::pause(int fd) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.receiving);
  socket.paused = true;
  watch(fd, socket);
}

void EpollIo::resume(int fd) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.receiving);
  socket.paused = false;
  watch(fd, socket);
}

void EpollIo::send(Token token, int fd, std::span<const Bytes> parts) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.sending == nullptr && socket.setup == Setup::none);
  socket.send_token = token;
  socket.sending = &sends_.make(parts);
  to_send_.push_back(fd);
}

bool EpollIo::unread(int fd) {
  return has_arrived(fd);
}

void EpollIo::finish_sending(int fd) {
  RINGWAY_ASSERT(socket_of(fd).sending == nullptr);
  ::shutdown(fd, SHUT_WR);
}

// Sends and receives that are watched find out by themselves.
void EpollIo::shutdown(int fd) {
  ::shutdown(fd, SHUT_RDWR);
  Socket& socket = socket_of(fd);
  if (socket.setup != Setup::none) finish_setup(fd, socket, -ECANCELED);
  if (socket.receiving && socket.paused) finish_recv(fd, socket, 0);
}

void EpollIo::cancel(int fd) {
  Socket& socket = socket_of(fd);
  if (socket.setup != Setup::none) finish_setup(fd, socket, -ECANCELED);
  if (socket.receiving) finish_recv(fd, socket, -ECANCELED);
  if (socket.sending != nullptr) finish_send(fd, socket, -ECANCELED);
}

void EpollIo::close(int fd) {
  RINGWAY_ASSERT(socket_of(fd).quiet() && socket_of(fd).watched == 0);
  ::close(fd);
}

void EpollIo::finish_setup(int fd, Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.setup != Setup::none);
  socket.setup = Setup::none;
  watch(fd, socket);
  report({.token = socket.setup_token, .result = result});
}

void EpollIo::finish_recv(int fd, Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.receiving);
  socket.receiving = false;
  watch(fd, socket);
  report({.token = socket.recv_token, .result = result});
}

void EpollIo::finish_send(int fd, Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.sending != nullptr);
  sends_.free(*std::exchange(socket.sending, nullptr));
  socket.send_blocked = false;
  watch(fd, socket);
  report({.token = socket.send_token, .result = result});
}

// What ends outside of wait() is owed to the next one, as is what finds no room.
void EpollIo::report(const Completion& completion) {
  RINGWAY_ASSERT(completion.token.op != Op::none);
  if (waiting_ && room()) {
    completions_[count_++] = completion;
  } else {
    RINGWAY_ASSERT(completion.bytes.empty());
    owed_.push_back(completion);
  }
}

}  // namespace ringway::net
