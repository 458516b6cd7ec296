// The third Io: a worker's outside world on a SimWorld. It never sleeps: wait()
// hands over what is ready and notes until when it would have slept; whoever runs
// the worker asks next_wakeup(). Alone in a test it can drive the world itself.
//
// It is strict where a kernel is forgiving: a second send in flight, a close with
// something in flight, bytes changed during a send, a descriptor used after its
// end are all failures of the run.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "net/io.h"
#include "net/io_settings.h"
#include "sim/lent_bytes.h"
#include "sim/sim_world.h"

namespace ringway::sim {

class SimIo final : public net::Io, private Inhabitant {
 public:
  SimIo(SimWorld& world, const net::IoSettings& settings, Chance chance);
  ~SimIo() override;

  Instant now() const override { return now_; }
  std::uint64_t random() override { return app_chance_.next(); }
  std::int64_t unix_now_s() const override {
    return unix_start_s + now().time_since_epoch() / std::chrono::seconds(1);
  }
  int process_id() const override { return 1; }
  std::string peer(int fd) const override { return "simulated " + std::to_string(fd); }
  static constexpr std::int64_t unix_start_s = 1'700'000'000;
  std::span<const net::Completion> wait(Instant deadline, const net::Expected& expected) override;
  bool drained() const override { return drained_; }
  std::size_t receive_bytes_max() const override { return settings_.receive_bytes_max(); }
  void wake() override { woken_ = true; }

  void accept(net::Token token, int listener, net::Accepts accepts) override;
  int connect(net::Token token, const net::Address& address,
              const net::SocketOptions& options) override;
  void recv(net::Token token, int fd, net::Buffers buffers) override;
  void pause(int fd) override;
  void resume(int fd) override;
  void send(net::Token token, int fd, std::span<const Bytes> parts) override;
  bool unread(int fd) override;
  void finish_sending(int fd) override;
  void shutdown(int fd) override;
  void cancel(int fd) override;
  void close(int fd) override;

  // When the worker that waits here is to run again: now, if there is something
  // to report or if its last turn was not an empty one.
  Instant next_wakeup() const;
  // wait() advances the world until something is ready, as if it slept.
  void drive_world() { driving_ = true; }

  std::uint32_t ops_in_flight() const { return in_flight_; }
  std::uint32_t open_fds() const { return world_.open_sockets(*this); }
  // Opens a listening socket that belongs to this Io, as control would hand it.
  Fd listen(const net::Address& address, std::uint32_t backlog);
  // Whoever waits at a listener on which nothing is in flight.
  std::vector<int> accept_waiting(Fd listener);

 private:
  enum class Kind : std::uint8_t { accept, connect, recv, send };
  struct Operation {
    net::Token token;
    bool active = false;
    bool queued = false;  // In ready_.
    bool cancelled = false;
  };
  struct Recv : Operation {
    net::Buffers buffers = net::Buffers::client;
    bool paused = false;
    std::size_t late_bytes = 0;  // Handed over by the kernel before pause() reached it.
  };
  struct Send : Operation {
    std::array<Bytes, send_parts_max> parts;
    std::size_t count = 0;
    std::size_t part = 0;
    std::size_t offset = 0;
    std::size_t sent = 0;
    std::size_t total = 0;
    std::uint64_t hash = 0;
    bool done = false;
    int error = 0;
  };
  struct Operations {
    Operation accept;
    bool accepts_one = false;
    Operation connect;
    Recv recv;
    Send send;
    bool shut = false;
    std::uint32_t in_flight = 0;
  };
  struct Ready {
    Fd fd;
    Kind kind;
  };

  void on_news(Fd fd, News news) override;
  void on_alarm(std::uint64_t what) override;

  Operations& of(Fd fd);
  static Operation& select(Operations& operations, Kind kind);
  void begin(Fd fd, Operation& operation, net::Token token);
  void adopt(Fd fd);
  void ready(Fd fd, Kind kind);
  void drive(Instant deadline);
  void submit();
  void collect();
  void report(Ready item);
  void report_accept(Fd fd, Operations& operations);
  void report_connect(Fd fd, Operations& operations);
  void report_recv(Fd fd, Operations& operations);
  void report_send(Fd fd, Operations& operations);
  void deliver(Fd fd, Operations& operations, std::size_t bytes);
  void complete(Operations& operations, Operation& operation, int result, bool last,
                Bytes bytes = {});
  bool take_buffer(net::Buffers buffers);
  void push_bytes(Fd fd, Send& send);
  void settle_send(Fd fd, Send& send, int error);
  static std::uint64_t hash_of(const Send& send);

  SimWorld& world_;
  net::IoSettings settings_;
  Chance chance_;      // What the kernel decides.
  Chance app_chance_;  // What random() gives.
  Instant now_;
  Instant deadline_{};
  bool driving_ = false;
  bool woken_ = false;
  bool drained_ = true;
  bool asleep_ = false;
  std::uint32_t in_flight_ = 0;
  std::array<std::uint64_t, 2> buffers_left_{};
  // Of what the kernel can hand over before pause() reaches it, by all that are paused in a turn:
  // it receives into buffers that it was given.
  std::size_t late_bytes_left_ = 0;
  std::vector<std::unique_ptr<Operations>> operations_;
  std::vector<Ready> ready_;
  std::vector<Ready> parked_;  // Known to be ready, but not in this wait().
  std::vector<Fd> to_send_;    // Started since the last wait().
  std::vector<net::Completion> completions_;
  LentBytes lent_;
};

}  // namespace ringway::sim
