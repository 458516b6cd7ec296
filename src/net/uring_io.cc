// What the caller may ask of a UringIo. What the kernel answers is in
// uring_completions.cc, the wait itself in uring_wait.cc.
#include "net/uring_io.h"

#include <bit>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "net/sockets.h"

namespace ringway::net {

UringIo::UringIo(const IoSettings& settings)
    : settings_(settings),
      now_(monotonic_now()),
      chance_(settings.seed != 0 ? settings.seed : system_seed()) {}

std::expected<std::unique_ptr<UringIo>, UringRefusal> UringIo::open(const IoSettings& settings) {
  auto io = open_once(settings);
  if (io || io.error().error != ENOMEM) return io;
  std::this_thread::sleep_for(second_try_after);
  return open_once(settings);
}

std::expected<std::unique_ptr<UringIo>, UringRefusal> UringIo::open_once(
    const IoSettings& settings) {
  auto io = std::unique_ptr<UringIo>(new UringIo(settings));
  auto uring = Uring::open(settings, io->counters_);
  if (!uring) return std::unexpected(uring.error());
  io->uring_ = std::move(*uring);
  for (const Buffers buffers : {Buffers::client, Buffers::server}) {
    const BufferSettings& size =
        buffers == Buffers::client ? settings.client_buffers : settings.server_buffers;
    const int error =
        io->group_of(buffers).open(io->uring_->raw(), static_cast<std::uint16_t>(buffers), size);
    if (error != 0) return std::unexpected(UringRefusal{error == EINVAL ? ENOTSUP : error});
  }
  io->wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (io->wake_fd_ < 0) return std::unexpected(UringRefusal{errno});
  io->arm_wake();
  io->uring_->submit();
  return io;
}

UringIo::~UringIo() {
  if (uring_ != nullptr && wake_fd_ >= 0) come_home();
  uring_.reset();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

std::int64_t UringIo::unix_now_s() const {
  return unix_seconds();
}

int UringIo::process_id() const {
  return own_process_id();
}

std::string UringIo::peer(int fd) const {
  return peer_text(fd);
}

// The flag makes a wake of somebody awake cost one atomic exchange. The count of
// the eventfd is never read: each write alone triggers the armed poll.
void UringIo::wake() {
  if (wake_sent_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t written = ::write(wake_fd_, &one, sizeof one);
  RINGWAY_ASSERT(written == sizeof one);
}

UringIo::Socket& UringIo::socket_of(std::int32_t fd) {
  RINGWAY_ASSERT(fd >= 0);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= sockets_.size()) sockets_.resize(std::bit_ceil(index + 1));
  return sockets_[index];
}

bool UringIo::Socket::quiet() const {
  return recv_phase == RecvPhase::off && sending == nullptr && !setting_up;
}

io_uring_sqe& UringIo::prepare(Task task, std::int32_t fd) {
  io_uring_sqe& sqe = uring_->prepare();
  sqe.user_data = std::bit_cast<std::uint64_t>(
      Ticket{.task = task,
             .target = task,
             .generation = fd == wake_fd_ ? std::uint16_t{0} : socket_of(fd).generation,
             .fd = fd});
  return sqe;
}

void UringIo::arm_wake() {
  io_uring_sqe& sqe = prepare(Task::wake, wake_fd_);
  io_uring_prep_poll_multishot(&sqe, wake_fd_, POLLIN);
  ++in_kernel_;
}

void UringIo::accept(Token token, int listener, Accepts accepts) {
  Socket& socket = socket_of(listener);
  RINGWAY_ASSERT(socket.quiet());
  socket.setup_token = token;
  socket.setting_up = true;
  socket.setup_is_accept = true;
  socket.accepts_one = accepts == Accepts::one;
  socket.setup_ending = false;
  arm_accept(listener);
}

void UringIo::arm_accept(std::int32_t fd) {
  io_uring_sqe& sqe = prepare(Task::accept, fd);
  const auto prepare_accept =
      socket_of(fd).accepts_one ? io_uring_prep_accept : io_uring_prep_multishot_accept;
  prepare_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ++in_kernel_;
}

int UringIo::connect(Token token, const Address& address, const SocketOptions& options) {
  const int fd = open_stream_socket(address, options);
  if (fd < 0) return fd;
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.quiet());
  socket.setup_token = token;
  socket.setting_up = true;
  socket.setup_is_accept = false;
  socket.setup_ending = false;
  socket.connecting = &addresses_.make(address);
  io_uring_prep_connect(&prepare(Task::connect, fd), fd, socket.connecting->data(),
                        socket.connecting->size());
  ++in_kernel_;
  return fd;
}

void UringIo::recv(Token token, int fd, Buffers buffers) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.recv_phase == RecvPhase::off && !socket.setting_up);
  socket.recv_token = token;
  socket.buffers = buffers;
  socket.paused = false;
  socket.recv_ending = false;
  arm_recv(fd, socket);
}

void UringIo::arm_recv(std::int32_t fd, Socket& socket) {
  RINGWAY_ASSERT(socket.recv_phase != RecvPhase::armed && !socket.paused);
  io_uring_sqe& sqe = prepare(Task::recv, fd);
  io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = group_of(socket.buffers).group();
  socket.recv_phase = RecvPhase::armed;
  ++in_kernel_;
}

void UringIo::pause(int fd) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.recv_phase != RecvPhase::off);
  if (std::exchange(socket.paused, true)) return;
  if (socket.recv_phase == RecvPhase::armed) submit_cancel(Task::recv, fd, false);
}

// While the cancel of pause() is under way the phase is still armed: then its
// completion arms the receive again.
void UringIo::resume(int fd) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.recv_phase != RecvPhase::off);
  if (!std::exchange(socket.paused, false)) return;
  if (socket.recv_phase == RecvPhase::idle) arm_recv(fd, socket);
}

void UringIo::send(Token token, int fd, std::span<const Bytes> parts) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.sending == nullptr && !socket.setting_up);
  socket.send_token = token;
  socket.send_ending = false;
  socket.sending = &sends_.make(parts);
  if (socket.sending->done()) return finish_send(socket, 0);
  submit_send(fd, socket);
}

void UringIo::submit_send(std::int32_t fd, Socket& socket) {
  constexpr int flags = MSG_WAITALL | MSG_NOSIGNAL;
  SendOperation& operation = *socket.sending;
  io_uring_sqe& sqe = prepare(Task::send, fd);
  if (operation.single()) {
    const iovec& part = operation.parts[operation.first];
    io_uring_prep_send(&sqe, fd, part.iov_base, part.iov_len, flags);
  } else {
    io_uring_prep_sendmsg(&sqe, fd, operation.message(), flags);
  }
  ++sends_prepared_;
  ++in_kernel_;
}

// In this order: what the kernel took out of the socket meanwhile is among its completions.
bool UringIo::unread(int fd) {
  return has_arrived(fd) || uring_->ready() > 0;
}

void UringIo::finish_sending(int fd) {
  RINGWAY_ASSERT(socket_of(fd).sending == nullptr);
  ::shutdown(fd, SHUT_WR);
}

// Accepts and connects are cancelled as well: on unix sockets the kernel does not
// end them by itself.
void UringIo::shutdown(int fd) {
  ::shutdown(fd, SHUT_RDWR);
  Socket& socket = socket_of(fd);
  if (socket.setting_up) end_setup(fd, socket);
  if (socket.recv_phase == RecvPhase::off) return;
  if (socket.recv_phase == RecvPhase::armed && !socket.paused) {
    socket.recv_ending = true;  // The peer's last bytes and its end still come.
    return;
  }
  end_recv(fd, socket, 0);
}

void UringIo::cancel(int fd) {
  Socket& socket = socket_of(fd);
  if (socket.setting_up) end_setup(fd, socket);
  if (socket.recv_phase != RecvPhase::off) end_recv(fd, socket, -ECANCELED);
  if (socket.sending != nullptr) {
    socket.send_ending = true;
    submit_cancel(Task::send, fd, false);
  }
}

void UringIo::end_setup(std::int32_t fd, Socket& socket) {
  RINGWAY_ASSERT(socket.setting_up);
  socket.setup_ending = true;
  submit_cancel(socket.setup_is_accept ? Task::accept : Task::connect, fd, false);
}

void UringIo::end_recv(std::int32_t fd, Socket& socket, std::int32_t result_if_idle) {
  RINGWAY_ASSERT(socket.recv_phase != RecvPhase::off);
  socket.recv_ending = true;
  if (socket.recv_phase != RecvPhase::armed) return finish_recv(socket, result_if_idle);
  submit_cancel(Task::recv, fd, false);
}

// Success says nothing: what was cancelled completes by itself.
void UringIo::submit_cancel(Task target, std::int32_t fd, bool by_fd) {
  const Ticket aim{
      .task = target, .target = target, .generation = socket_of(fd).generation, .fd = fd};
  io_uring_sqe& sqe = uring_->prepare();
  if (by_fd) {
    io_uring_prep_cancel_fd(&sqe, fd, IORING_ASYNC_CANCEL_ALL);
  } else {
    io_uring_prep_cancel64(&sqe, std::bit_cast<std::uint64_t>(aim), 0);
  }
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  Ticket ticket = aim;
  ticket.task = Task::cancel;
  sqe.user_data = std::bit_cast<std::uint64_t>(ticket);
}

void UringIo::close(int fd) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.quiet());
  ++socket.generation;
  ::close(fd);
}

}  // namespace ringway::net
