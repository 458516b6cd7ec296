// UringIo::wait(): one system call that submits, sleeps and lets the kernel do its
// pending work, and the care around it.
#include <algorithm>
#include <bit>
#include <unistd.h>

#include "ringway/base/assert.h"

#include "net/sockets.h"
#include "net/uring_io.h"

namespace ringway::net {
namespace {

// Sleeping longer than this is waking up once an hour for nothing.
constexpr Duration sleep_max = std::chrono::hours(1);
// Rounds in which one wait() lets the kernel bring forward what it has.
constexpr int rounds_max = 8;

}  // namespace

std::span<const Completion> UringIo::wait(Instant deadline, const Expected& expected) {
  RINGWAY_ASSERT(!waiting_);
  ++counters_.waits;
  waiting_ = true;
  woken_ = false;
  count_ = 0;
  take_back_buffers();
  if (trim_asked_) trim_buffers();
  hand_over_owed();
  // The kernel's news may all be ours alone (a pause took effect, a receive found
  // no buffer): nothing the caller should wake up for.
  do {
    unpark();
    submit_and_sleep(deadline, expected);
    reap();
    now_ = monotonic_now();
  } while (count_ == 0 && !woken_ && now_ < deadline);
  notice_wake();
  drained_ = owed_.empty() && parked_.empty() && uring_->ready() == 0 && !uring_->kernel_has_more();
  waiting_ = false;
  return {completions_.data(), count_};
}

void UringIo::take_back_buffers() {
  for (UringBuffers& group : groups_) group.take_back();
}

// A kernel that defers its work fills buffers only within our own calls, so here one that
// is filled has its completion in sight. All others may fill one at any moment.
void UringIo::trim_buffers() {
  if (uring_->ready() > 0 || uring_->kernel_has_more()) return;
  trim_asked_ = false;
  if (task_run() != TaskRun::deferred) return;
  for (UringBuffers& group : groups_) group.trim();
}

// Receives that found no buffer, oldest first and no more than there are buffers
// for: the others would find none again.
void UringIo::unpark() {
  if (parked_.empty()) return;
  std::array<std::uint32_t, 2> room;
  for (std::size_t i = 0; i < groups_.size(); ++i) room[i] = groups_[i].provided();
  std::array<bool, 2> grown{};
  unparking_.swap(parked_);
  for (const Parked& parked : unparking_) {
    Socket& socket = socket_of(parked.fd);
    if (socket.generation != parked.generation || socket.recv_phase != RecvPhase::parked) continue;
    const auto group = static_cast<std::size_t>(socket.buffers);
    if (!std::exchange(grown[group], true)) {
      const std::uint32_t added = groups_[group].grow();
      counters_.buffers_added += added;
      room[group] += added;
    }
    if (room[group] == 0) {
      parked_.push_back(parked);
      continue;
    }
    socket.recv_phase = RecvPhase::idle;
    if (socket.paused) continue;
    --room[group];
    ++counters_.recvs_rearmed;
    arm_recv(parked.fd, socket);
  }
  unparking_.clear();
}

void UringIo::hand_over_owed() {
  const std::size_t count = std::min(owed_.size(), completions_.size());
  std::copy_n(owed_.begin(), count, completions_.begin());
  owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(count));
  count_ = count;
}

void UringIo::submit_and_sleep(Instant deadline, const Expected& expected) {
  RINGWAY_ASSERT(waiting_);
  const bool awake = count_ > 0 || uring_->ready() > 0;
  if (!awake) {
    sleep(deadline, expected);
  } else if (uring_->prepared() > 0 || uring_->kernel_has_more()) {
    uring_->submit();
  }
  sends_prepared_ = 0;
  // A kernel does at most some twenty items of its pending work for one call that
  // asks for little (6.13 and later); what is left is as ready as what it did.
  for (int i = 0; i < rounds_max && uring_->kernel_has_more(); ++i) {
    if (uring_->ready() >= completions_max) break;
    uring_->submit();
  }
}

void UringIo::sleep(Instant deadline, const Expected& expected) {
  const Instant start = monotonic_now();
  if (deadline <= start) return uring_->submit();
  Uring::Sleep sleep{.completions = 1,
                     .timeout = deadline - start < sleep_max ? deadline - start : sleep_max,
                     .content = Duration::zero()};
  if (!uring_->can_linger() || settings_.batch_window == Duration::zero()) {
    uring_->submit_and_sleep(sleep);
    return;
  }
  const std::uint32_t wanted = linger_.wanted(start, expected.in_flight, expected.answered);
  if (wanted > 1) {
    sleep.completions = sends_prepared_ + wanted;  // Most sends are done at once.
    sleep.content = settings_.batch_window;
  }
  uring_->submit_and_sleep(sleep);
}

// One completion of the kernel may become two of ours.
void UringIo::reap() {
  while (count_ + 2 <= completions_.size() && uring_->ready() > 0) {
    const io_uring_cqe cqe = uring_->front();
    uring_->pop();
    land(cqe);
  }
}

// The flag falls before the caller looks into its mailbox: whoever finds it still
// standing has put in its letter before that look.
void UringIo::notice_wake() {
  if (!wake_sent_.load(std::memory_order_relaxed)) return;
  wake_sent_.exchange(false, std::memory_order_acq_rel);
}

// Ends everything that is still in the kernel, so that it neither writes into
// buffers that are given up nor holds on to sockets that others close.
void UringIo::come_home() {
  waiting_ = true;
  const Instant give_up = monotonic_now() + std::chrono::seconds(1);
  io_uring_sqe& sqe = uring_->prepare();
  io_uring_prep_cancel64(&sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  sqe.user_data = std::bit_cast<std::uint64_t>(
      Ticket{.task = Task::cancel, .target = Task::cancel, .generation = 0, .fd = wake_fd_});
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  uring_->submit();
  while (in_kernel_ > 0 && monotonic_now() < give_up) {
    if (uring_->ready() == 0) {
      uring_->submit_and_sleep(
          {.completions = 1, .timeout = std::chrono::milliseconds(10), .content = {}});
    }
    for (; uring_->ready() > 0; uring_->pop()) {
      const io_uring_cqe cqe = uring_->front();
      const auto ticket = std::bit_cast<Ticket>(cqe.user_data);
      if (ticket.task == Task::cancel) continue;
      if (ticket.task == Task::accept && cqe.res >= 0) ::close(cqe.res);
      if ((cqe.flags & IORING_CQE_F_MORE) == 0) --in_kernel_;
    }
  }
  for (Socket& socket : sockets_) {
    if (socket.sending != nullptr) sends_.free(*socket.sending);
    if (socket.connecting != nullptr) addresses_.free(*socket.connecting);
  }
}

}  // namespace ringway::net
