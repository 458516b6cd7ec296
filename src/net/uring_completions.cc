// What the kernel answers to a UringIo: each completion leads to its socket and
// either becomes a Completion of ours or is dealt with in silence (multishot
// operations that ended, buffers that ran out, sends that were cut short).
#include <bit>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "net/sockets.h"
#include "net/uring_io.h"

namespace ringway::net {
namespace {

bool goes_on(const io_uring_cqe& cqe) {
  return (cqe.flags & IORING_CQE_F_MORE) != 0;
}

}  // namespace

// What ends outside of wait() is owed to the next one, as is what finds no room.
void UringIo::report(const Completion& completion) {
  RINGWAY_ASSERT(completion.token.op != Op::none);
  if (waiting_ && count_ < completions_.size()) {
    completions_[count_++] = completion;
  } else {
    RINGWAY_ASSERT(completion.bytes.empty());  // Lent bytes would not live so long.
    owed_.push_back(completion);
  }
}

void UringIo::land(const io_uring_cqe& cqe) {
  const auto ticket = std::bit_cast<Ticket>(cqe.user_data);
  if (ticket.task == Task::cancel) return on_cancel_failed(ticket, cqe);
  if (!goes_on(cqe)) {
    RINGWAY_ASSERT(in_kernel_ > 0);
    --in_kernel_;
  }
  if (ticket.task == Task::wake) return on_woken(cqe);
  // Nothing is closed while it is in the kernel: a stale ticket is our own bug.
  RINGWAY_ASSERT(socket_of(ticket.fd).generation == ticket.generation);
  switch (ticket.task) {
    case Task::accept: return on_accepted(ticket.fd, cqe);
    case Task::connect: return on_connected(ticket.fd, cqe);
    case Task::recv: return on_received(ticket.fd, cqe);
    case Task::send: return on_sent(ticket.fd, cqe);
    case Task::cancel:
    case Task::wake: break;
  }
}

void UringIo::on_accepted(std::int32_t fd, const io_uring_cqe& cqe) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.setting_up && socket.setup_is_accept);
  if (cqe.res >= 0 && socket.accepts_one) return finish_setup(socket, cqe.res);
  if (cqe.res >= 0) report({.token = socket.setup_token, .result = cqe.res, .last = false});
  if (goes_on(cqe)) return;
  if (socket.setup_ending) return finish_setup(socket, -ECANCELED);
  if (cqe.res < 0 && !accept_goes_on(-cqe.res)) return finish_setup(socket, cqe.res);
  arm_accept(fd);
}

void UringIo::on_connected(std::int32_t fd, const io_uring_cqe& cqe) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.setting_up && !socket.setup_is_accept);
  addresses_.free(*std::exchange(socket.connecting, nullptr));
  finish_setup(socket, cqe.res);
}

void UringIo::finish_setup(Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.setting_up);
  socket.setting_up = false;
  report({.token = socket.setup_token, .result = result});
}

void UringIo::on_received(std::int32_t fd, const io_uring_cqe& cqe) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.recv_phase == RecvPhase::armed);
  Bytes bytes;
  if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
    const auto id = static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    bytes = group_of(socket.buffers).lend(id, cqe.res > 0 ? static_cast<std::size_t>(cqe.res) : 0);
  }
  if (!goes_on(cqe)) socket.recv_phase = RecvPhase::idle;
  switch (cqe.res) {
    case -ENOBUFS: return settle_recv(fd, socket, true);
    case -ECANCELED:
    case -EINTR:
    case -EAGAIN: return settle_recv(fd, socket, false);
    default: break;
  }
  if (cqe.res <= 0) return finish_recv(socket, cqe.res);
  report({.token = socket.recv_token, .result = cqe.res, .last = false, .bytes = bytes});
  if (!goes_on(cqe)) settle_recv(fd, socket, false);
}

// The kernel let go of a receive, and it was not the peer's doing.
void UringIo::settle_recv(std::int32_t fd, Socket& socket, bool out_of_buffers) {
  RINGWAY_ASSERT(socket.recv_phase == RecvPhase::idle);
  if (out_of_buffers) ++counters_.buffers_exhausted;
  if (socket.recv_ending) return finish_recv(socket, -ECANCELED);
  if (socket.paused) return;
  if (out_of_buffers) {
    socket.recv_phase = RecvPhase::parked;
    parked_.push_back({fd, socket.generation});
    return;
  }
  ++counters_.recvs_rearmed;
  arm_recv(fd, socket);
}

void UringIo::finish_recv(Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.recv_phase == RecvPhase::idle || socket.recv_phase == RecvPhase::parked);
  socket.recv_phase = RecvPhase::off;
  report({.token = socket.recv_token, .result = result});
}

void UringIo::on_sent(std::int32_t fd, const io_uring_cqe& cqe) {
  Socket& socket = socket_of(fd);
  RINGWAY_ASSERT(socket.sending != nullptr);
  SendOperation& operation = *socket.sending;
  if (cqe.res > 0) operation.advance(static_cast<std::size_t>(cqe.res));
  if (operation.done()) return finish_send(socket, static_cast<std::int32_t>(operation.total));
  if (socket.send_ending) return finish_send(socket, -ECANCELED);
  const bool worth_another_try = cqe.res > 0 || cqe.res == -EINTR || cqe.res == -EAGAIN;
  if (!worth_another_try) return finish_send(socket, cqe.res == 0 ? -EPIPE : cqe.res);
  // If the connection failed midway, this one says how.
  ++counters_.sends_continued;
  submit_send(fd, socket);
}

void UringIo::finish_send(Socket& socket, std::int32_t result) {
  RINGWAY_ASSERT(socket.sending != nullptr);
  sends_.free(*std::exchange(socket.sending, nullptr));
  report({.token = socket.send_token, .result = result});
}

// A cancel may find nothing although its target has not completed: just then the
// kernel was busy with it. It is tried again, by the thorough and slower way.
void UringIo::on_cancel_failed(const Ticket& ticket, const io_uring_cqe& cqe) {
  if (cqe.res != -ENOENT) return;
  const Socket& socket = socket_of(ticket.fd);
  if (socket.generation != ticket.generation) return;
  const bool recv_unwanted = socket.paused || socket.recv_ending;
  const bool alive =
      (ticket.target == Task::recv && socket.recv_phase == RecvPhase::armed && recv_unwanted) ||
      (ticket.target == Task::send && socket.sending != nullptr && socket.send_ending) ||
      (ticket.target != Task::recv && ticket.target != Task::send && socket.setting_up &&
       socket.setup_ending);
  if (alive) submit_cancel(ticket.target, ticket.fd, true);
}

void UringIo::on_woken(const io_uring_cqe& cqe) {
  ++counters_.wakes;
  woken_ = true;
  if (!goes_on(cqe) && cqe.res >= 0) arm_wake();
}

}  // namespace ringway::net
