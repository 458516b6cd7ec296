// One submission and one completion queue shared with the kernel: set-up with
// fall-backs, prepared operations, and the one system call that submits and waits.
// Knows nothing of sockets; see uring_io.h for what the operations mean.
//
// Belongs to the thread that opened it. Invariant: prepare() never fails; when the
// queue is full, what is in it is submitted first.
#pragma once

#include <cstdint>
#include <expected>
#include <liburing.h>
#include <memory>

#include "ringway/base/time.h"

#include "net/io_counters.h"
#include "net/io_settings.h"

namespace ringway::net {

// Which step of the set-up the kernel refused, and how.
struct UringRefusal {
  int error;  // errno; ENOTSUP: a kernel older than 6.0.
};

class Uring {
 public:
  static std::expected<std::unique_ptr<Uring>, UringRefusal> open(const IoSettings& settings,
                                                                  IoCounters& counters);
  ~Uring();
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  io_uring_sqe& prepare();
  std::uint32_t prepared() const { return io_uring_sq_ready(&uring_); }

  // Submits what is prepared and runs the kernel's pending work for us, up to
  // `work_max` items; does not sleep.
  void submit();

  struct Sleep {
    std::uint32_t completions;  // Wake up when so many are there.
    Duration timeout;           // However few: at most so long.
    Duration content;           // After this, one is enough; zero: wait for all.
  };
  // Submits what is prepared, then sleeps. False if a signal cut it short.
  bool submit_and_sleep(const Sleep& sleep);

  std::uint32_t ready() const { return io_uring_cq_ready(&uring_); }
  io_uring_cqe front() const { return uring_.cq.cqes[*uring_.cq.khead & uring_.cq.ring_mask]; }
  void pop() { io_uring_cq_advance(&uring_, 1); }

  // True if the kernel has completions for us that are not in the queue yet.
  bool kernel_has_more() const;

  bool can_linger() const { return can_linger_; }
  TaskRun task_run() const { return task_run_; }
  io_uring* raw() { return &uring_; }

 private:
  explicit Uring(IoCounters& counters) : counters_(counters) {}
  int set_up(const IoSettings& settings, TaskRun task_run);
  bool knows_multishot_recv();
  int enter(std::uint32_t completions, unsigned flags, io_uring_getevents_arg* arg);
  std::uint32_t flush();

  io_uring uring_{};
  IoCounters& counters_;
  bool open_ = false;
  bool registered_ = false;
  bool can_linger_ = false;
  TaskRun task_run_ = TaskRun::plain;
};

}  // namespace ringway::net
