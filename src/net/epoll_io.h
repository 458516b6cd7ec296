// The Io over epoll: for kernels and containers that refuse io_uring, and the
// honest control in benchmarks. Level-triggered, so that whatever one wait() leaves
// behind is reported by the next.
//
// Sends are tried directly, all together at the start of wait(); only a socket that
// takes no more is watched for room. Received bytes go into one arena that each
// wait() fills from the start; when it is full, the rest waits in the kernel.
//
// Invariant: what epoll watches an fd for (`watched`) is exactly what its
// operations need (see needs()); an fd that nobody needs is not watched at all,
// since a reset connection would otherwise wake us for ever.
#pragma once

#include <array>
#include <atomic>
#include <expected>
#include <memory>
#include <sys/epoll.h>
#include <vector>

#include "net/chance.h"
#include "net/io.h"
#include "net/io_settings.h"
#include "net/send_operation.h"
#include "net/slab.h"

namespace ringway::net {

class EpollIo final : public Io {
 public:
  // The io, or an errno.
  static std::expected<std::unique_ptr<EpollIo>, int> open(const IoSettings& settings);
  ~EpollIo() override;

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
  std::size_t receive_bytes_max() const override { return settings_.arena_bytes; }

 private:
  enum class Setup : std::uint8_t { none, accepting, connecting };

  struct Socket {
    Token recv_token;
    Token send_token;
    Token setup_token;
    SendOperation* sending = nullptr;
    std::uint32_t watched = 0;
    Setup setup = Setup::none;
    bool accepts_one = false;
    bool receiving = false;
    bool paused = false;
    bool send_blocked = false;  // Watched for room; else queued in to_send_.

    bool quiet() const { return sending == nullptr && setup == Setup::none && !receiving; }
    std::uint32_t needs() const;
  };

  explicit EpollIo(const IoSettings& settings);

  // wait(), step by step.
  void hand_over_owed();
  void send_queued();
  int poll(Instant deadline);
  void land(const epoll_event& event);
  void notice_wake();

  void accept_some(int fd, Socket& socket);
  void on_connected(int fd, Socket& socket);
  void read_some(int fd, Socket& socket);
  void try_send(int fd, Socket& socket);

  void finish_setup(int fd, Socket& socket, std::int32_t result);
  void finish_recv(int fd, Socket& socket, std::int32_t result);
  void finish_send(int fd, Socket& socket, std::int32_t result);
  void report(const Completion& completion);

  void watch(int fd, Socket& socket);
  Socket& socket_of(int fd);
  bool room() const { return count_ < completions_.size(); }

  IoSettings settings_;
  Instant now_;
  bool drained_ = true;
  bool waiting_ = false;
  bool woken_ = false;
  bool left_behind_ = false;  // Something is known to be ready and was not taken.
  std::atomic<bool> wake_sent_ = false;
  Chance chance_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;

  std::vector<Socket> sockets_;  // By fd.
  Slab<SendOperation> sends_;
  std::vector<int> to_send_;
  std::unique_ptr<char[]> arena_;
  std::size_t arena_used_ = 0;
  std::vector<Completion> owed_;  // Ended outside of wait(); told by the next.
  std::array<Completion, completions_max> completions_;
  std::size_t count_ = 0;
  std::array<epoll_event, completions_max> events_;
};

}  // namespace ringway::net
