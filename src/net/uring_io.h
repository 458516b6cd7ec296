// The Io over io_uring: the product. One per worker, opened on the worker's thread.
//
// What is in the kernel carries a Ticket (task, generation, fd) as user_data, which
// leads through one table indexed by fd to what the caller asked for. A receive is a
// single operation to the caller and a state here (see RecvPhase): the kernel's
// multishot may end, be cancelled by pause() or starve for buffers any number of
// times before the caller hears `last`.
//
//              recv()                       own result, or ending
//     off ----------------> armed -------------------------------> off
//                          ^  |  \                                  ^
//        buffers are back  |  |   \ cancelled by pause()            |
//                       parked     idle ----------------------------+
//                                    |  resume(): armed     ending
#pragma once

#include <array>
#include <atomic>
#include <expected>
#include <memory>
#include <vector>

#include "net/chance.h"
#include "net/io.h"
#include "net/io_settings.h"
#include "net/linger.h"
#include "net/send_operation.h"
#include "net/slab.h"
#include "net/sockets.h"
#include "net/uring.h"
#include "net/uring_buffers.h"

namespace ringway::net {

class UringIo final : public Io {
 public:
  // What a process that ended a moment ago had locked, the kernel frees a little later: where there
  // is no memory for it, it is tried once more after this.
  static constexpr std::chrono::milliseconds second_try_after{200};

  static std::expected<std::unique_ptr<UringIo>, UringRefusal> open(const IoSettings& settings);
  ~UringIo() override;

  Instant now() const override { return now_; }
  std::uint64_t random() override { return chance_.next(); }
  std::int64_t unix_now_s() const override;
  int process_id() const override;
  std::string peer(int fd) const override;
  std::span<const Completion> wait(Instant deadline, const Expected& expected) override;
  bool drained() const override { return drained_; }
  void wake() override;
  void accept(Token token, int listener, Accepts accepts) override;
  int connect(Token token, const Address& address, const SocketOptions& options) override;
  void recv(Token token, int fd, Buffers buffers) override;
  void pause(int fd) override;
  void resume(int fd) override;
  void send(Token token, int fd, std::span<const Bytes> parts) override;
  bool unread(int fd) override;
  void finish_sending(int fd) override;
  void shutdown(int fd) override;
  void cancel(int fd) override;
  void close(int fd) override;
  void trim() override { trim_asked_ = true; }
  std::size_t receive_bytes_max() const override { return settings_.receive_bytes_max(); }

  TaskRun task_run() const { return uring_->task_run(); }
  bool can_linger() const { return uring_->can_linger(); }

 private:
  static std::expected<std::unique_ptr<UringIo>, UringRefusal> open_once(
      const IoSettings& settings);
  enum class Task : std::uint8_t { accept, connect, recv, send, cancel, wake };
  enum class RecvPhase : std::uint8_t { off, armed, idle, parked };

  struct Ticket {
    Task task;
    Task target;  // Of a cancel: what it is to end.
    std::uint16_t generation;
    std::int32_t fd;
  };
  static_assert(sizeof(Ticket) == sizeof(std::uint64_t), "must fit user_data");

  // What is going on at one fd. `ending` says that the caller wants the operation
  // gone, so whatever ends it in the kernel ends it for good.
  struct Socket {
    Token recv_token;
    Token send_token;
    Token setup_token;  // Of an accept or a connect.
    SendOperation* sending = nullptr;
    Address* connecting = nullptr;
    std::uint16_t generation = 0;
    Buffers buffers = Buffers::client;
    RecvPhase recv_phase = RecvPhase::off;
    bool paused = false;
    bool recv_ending = false;
    bool send_ending = false;
    bool setting_up = false;
    bool setup_is_accept = false;
    bool accepts_one = false;
    bool setup_ending = false;

    bool quiet() const;  // Nothing is in flight.
  };

  struct Parked {
    std::int32_t fd;
    std::uint16_t generation;
  };

  explicit UringIo(const IoSettings& settings);

  // wait(), step by step.
  void take_back_buffers();
  void trim_buffers();
  void unpark();
  void hand_over_owed();
  void submit_and_sleep(Instant deadline, const Expected& expected);
  void sleep(Instant deadline, const Expected& expected);
  void reap();
  void notice_wake();

  // Completions of the kernel.
  void land(const io_uring_cqe& cqe);
  void on_accepted(std::int32_t fd, const io_uring_cqe& cqe);
  void on_connected(std::int32_t fd, const io_uring_cqe& cqe);
  void on_received(std::int32_t fd, const io_uring_cqe& cqe);
  void on_sent(std::int32_t fd, const io_uring_cqe& cqe);
  void on_cancel_failed(const Ticket& ticket, const io_uring_cqe& cqe);
  void on_woken(const io_uring_cqe& cqe);

  // Operations of the kernel.
  io_uring_sqe& prepare(Task task, std::int32_t fd);
  void arm_wake();
  void arm_accept(std::int32_t fd);
  void arm_recv(std::int32_t fd, Socket& socket);
  void submit_send(std::int32_t fd, Socket& socket);
  void submit_cancel(Task target, std::int32_t fd, bool by_fd);

  // The end of operations.
  void settle_recv(std::int32_t fd, Socket& socket, bool out_of_buffers);
  void finish_recv(Socket& socket, std::int32_t result);
  void finish_send(Socket& socket, std::int32_t result);
  void finish_setup(Socket& socket, std::int32_t result);
  void end_recv(std::int32_t fd, Socket& socket, std::int32_t result_if_idle);
  void end_setup(std::int32_t fd, Socket& socket);
  void report(const Completion& completion);

  Socket& socket_of(std::int32_t fd);
  UringBuffers& group_of(Buffers buffers) { return groups_[static_cast<std::size_t>(buffers)]; }
  void come_home();

  IoSettings settings_;
  Instant now_;
  bool drained_ = true;
  bool waiting_ = false;
  bool trim_asked_ = false;
  bool woken_ = false;                   // This wait() was asked to return.
  std::atomic<bool> wake_sent_ = false;  // A wake is on its way: no need for another.
  Chance chance_;
  int wake_fd_ = -1;
  std::uint32_t in_kernel_ = 0;       // Operations whose last completion is still to come.
  std::uint32_t sends_prepared_ = 0;  // Since the last submit.
  Linger linger_{&thread_cpu_time};

  std::array<UringBuffers, 2> groups_;  // Outlives uring_: the kernel writes here.
  std::unique_ptr<Uring> uring_;
  std::vector<Socket> sockets_;  // By fd.
  Slab<SendOperation> sends_;
  Slab<Address> addresses_;  // Of connects on their way.
  std::vector<Parked> parked_;
  std::vector<Parked> unparking_;
  std::vector<Completion> owed_;  // Ended without the kernel; told by the next wait().
  std::array<Completion, completions_max> completions_;
  std::size_t count_ = 0;
};

}  // namespace ringway::net
