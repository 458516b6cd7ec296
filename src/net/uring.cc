// See uring.h. The wait is a raw io_uring_enter, because liburing 2.3 knows no
// minimum wait; everything else is liburing's.
#include "net/uring.h"

#include <cerrno>

#include "ringway/base/assert.h"

#include "net/uring_abi.h"

namespace ringway::net {
namespace {

unsigned setup_flags(TaskRun task_run) {
  const unsigned always = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL;
  switch (task_run) {
    case TaskRun::deferred:
      return always | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
             IORING_SETUP_TASKRUN_FLAG;
    case TaskRun::cooperative:
      return always | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    case TaskRun::plain: return always;
  }
  return always;
}

__kernel_timespec to_timespec(Duration duration) {
  const auto ns = duration.count() < 0 ? 0 : duration.count();
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

std::expected<std::unique_ptr<Uring>, UringRefusal> Uring::open(const IoSettings& settings,
                                                                IoCounters& counters) {
  int error = EINVAL;
  for (const TaskRun task_run : {TaskRun::deferred, TaskRun::cooperative, TaskRun::plain}) {
    if (task_run < settings.task_run) continue;
    auto uring = std::unique_ptr<Uring>(new Uring(counters));
    error = uring->set_up(settings, task_run);
    if (error == EINVAL) continue;  // The kernel does not know these flags yet.
    if (error != 0) break;
    if (!uring->knows_multishot_recv()) return std::unexpected(UringRefusal{ENOTSUP});
    return uring;
  }
  return std::unexpected(UringRefusal{error == EINVAL ? ENOTSUP : error});
}

int Uring::set_up(const IoSettings& settings, TaskRun task_run) {
  RINGWAY_ASSERT(!open_);
  io_uring_params params{};
  params.flags = setup_flags(task_run);
  params.cq_entries = settings.completions_max;
  const int result = io_uring_queue_init_params(settings.submissions_max, &uring_, &params);
  if (result < 0) return -result;
  open_ = true;
  task_run_ = task_run;
  // Without the waiting time as an argument there is no wait() worth having.
  if ((params.features & IORING_FEAT_EXT_ARG) == 0) return EINVAL;
  can_linger_ =
      task_run == TaskRun::deferred && (params.features & uring_abi::feat_min_timeout) != 0;
  registered_ = io_uring_register_ring_fd(&uring_) == 1;
  for (unsigned i = 0; i < uring_.sq.ring_entries; ++i) uring_.sq.array[i] = i;
  return 0;
}

Uring::~Uring() {
  if (open_) io_uring_queue_exit(&uring_);
}

bool Uring::knows_multishot_recv() {
  io_uring_probe* probe = io_uring_get_probe_ring(&uring_);
  if (probe == nullptr) return false;
  const bool known = io_uring_opcode_supported(probe, uring_abi::op_as_new_as_multishot_recv) != 0;
  io_uring_free_probe(probe);
  return known;
}

io_uring_sqe& Uring::prepare() {
  io_uring_sqe* sqe = io_uring_get_sqe(&uring_);
  while (sqe == nullptr) {
    submit();
    sqe = io_uring_get_sqe(&uring_);
  }
  return *sqe;
}

// Publishes the prepared entries; liburing keeps its own version to itself.
std::uint32_t Uring::flush() {
  io_uring_sq& sq = uring_.sq;
  sq.sqe_head = sq.sqe_tail;
  io_uring_smp_store_release(sq.ktail, sq.sqe_tail);
  return io_uring_sq_ready(&uring_);
}

int Uring::enter(std::uint32_t completions, unsigned flags, io_uring_getevents_arg* arg) {
  const std::uint32_t to_submit = flush();
  if (registered_) flags |= IORING_ENTER_REGISTERED_RING;
  const int result =
      io_uring_enter2(static_cast<unsigned>(uring_.enter_ring_fd), to_submit, completions,
                      flags | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                      reinterpret_cast<sigset_t*>(arg), sizeof *arg);
  ++counters_.syscalls;
  if (result > 0) counters_.submitted += static_cast<std::uint32_t>(result);
  // What is left unsubmitted goes with the next call: EAGAIN and EBUSY are about
  // memory and a full completion queue, ETIME and EINTR about the sleep.
  RINGWAY_ASSERT(result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN ||
                 result == -EBUSY || result == -ENOMEM);
  return result;
}

// Waits for nothing, so the kernel arms no timer: in a virtual machine that alone
// costs more than the call. It does some twenty items of its pending work.
void Uring::submit() {
  io_uring_getevents_arg arg{};
  enter(0, 0, &arg);
}

bool Uring::submit_and_sleep(const Sleep& sleep) {
  RINGWAY_ASSERT(sleep.completions > 0);
  __kernel_timespec timeout = to_timespec(sleep.timeout);
  io_uring_getevents_arg arg{};
  arg.ts = reinterpret_cast<std::uintptr_t>(&timeout);
  if (sleep.content > Duration::zero()) {
    RINGWAY_ASSERT(can_linger_);
    uring_abi::set_min_wait(arg, static_cast<unsigned>(sleep.content.count() / 1000));
    ++counters_.lingered;
  }
  return enter(sleep.completions, 0, &arg) != -EINTR;
}

bool Uring::kernel_has_more() const {
  return (IO_URING_READ_ONCE(*uring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

}  // namespace ringway::net
