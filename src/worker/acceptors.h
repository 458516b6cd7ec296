// Worker 0's listeners: accepts, and deals each new client to the worker that has
// the fewest; ties go round. Sockets are opened and closed by control alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exchange/worker_parts.h"
#include "log/rate_limit.h"
#include "net/timer_wheel.h"
#include "worker/shared.h"

namespace ringway::worker {

class Acceptors {
 public:
  // How long to wait after running out of file descriptors, or where clients may wait.
  static constexpr Duration retry_after = std::chrono::milliseconds(100);
  // How long until those who were turned away have made room.
  static constexpr Duration room_after = std::chrono::milliseconds(5);
  // With less room than this clients are taken one by one: the kernel takes all that are in
  // a backlog at once, and those may not live.
  static constexpr std::uint32_t accepts_ahead_max = 8192;

  Acceptors(proxy::WorkerParts& parts, Shared& shared) : parts_(parts), shared_(shared) {}
  ~Acceptors();

  void listen(const Listen& listen);
  // Whether clients may wait may be otherwise in the new snapshot.
  void adopt();
  void unlisten(int fd);
  void stop();
  // Forgets those that accept no more and have nothing in flight; returns how many.
  std::uint32_t reap();
  std::uint32_t sockets() const { return open_; }

  // A client for this worker, if the completion brought one.
  std::optional<TakeClient> on_accepted(const net::Completion& done);
  void on_timer(net::Timer& timer);

 private:
  struct Socket {
    int fd;
    std::uint32_t index;  // In sockets_.
    snapshot::ListenerId listener;
    net::Accepts accepts = net::Accepts::all;  // While it accepts.
    bool accepting = false;
    bool closing = false;  // Accepts no more.
    bool waiting = false;  // Takes nobody now because there are too many clients.
    net::Timer timer;
  };

  Socket* find(int fd);
  void close(Socket& socket);
  void accept(Socket& socket);
  void report_failure(int error);
  bool lets_wait(snapshot::ListenerId listener) const;
  std::uint64_t room() const;
  net::Accepts accepts(snapshot::ListenerId listener) const;
  void accept_otherwise(Socket& socket);
  bool full(snapshot::ListenerId listener, std::uint32_t on_its_way) const;
  void pause_full();
  void accept_later(Socket& socket);
  std::uint32_t least_loaded();

  proxy::WorkerParts& parts_;
  Shared& shared_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // Null: a place for the next one.
  std::uint32_t open_ = 0;
  std::uint32_t next_worker_ = 0;
  bool reaps_ = false;  // Some socket is closing.
  log::RateLimit lines_{10};
};

}  // namespace ringway::worker
