// Control: turns configuration into snapshots and sockets, tells the workers, and
// brings the process to its end. Single-threaded; step() is called now and then
// by main's thread, or by the simulator.
//
//   start -> running -> stop asked -> drain_delay -> listeners closed
//         -> clients finished over drain_timeout -> workers stopped -> over
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "reload/world.h"
#include "worker/crew.h"

namespace ringway::reload {

enum class Phase : std::uint8_t { starting, running, delaying, closing, draining, stopping, over };

class Control {
 public:
  // Names that did not resolve are asked for again this often.
  static constexpr Duration resolve_again = std::chrono::seconds(1);
  // Of drain_timeout, the share over which clients are asked to leave; the rest
  // is for the last ones to get their replies.
  static constexpr double drain_share = 0.8;

  Control(config::Config config, worker::Crew& crew, World& world);
  ~Control();

  // Opens all listeners or none, and sets the workers going.
  Result<void> start();
  // Does what is due; call it again at next().
  void step();
  Instant next() const { return next_; }

  // SIGTERM: begins the orderly end.
  void ask_stop();
  // A second one: no more patience.
  void ask_stop_now();

  Phase phase() const { return phase_; }
  bool over() const { return phase_ == Phase::over; }
  bool ready() const { return phase_ == Phase::running; }
  std::uint64_t generation() const { return snapshot_->generation; }
  const snapshot::Snapshot& snapshot() const { return *snapshot_; }

 private:
  struct OpenListener {
    int fd;
    snapshot::ListenerId id;
  };

  Result<void> open_listeners();
  void take_waiting();
  void close_listeners();
  void locate_servers();
  void take_resolved();
  bool listening() const;
  void enter(Phase phase, Duration at_most);

  worker::Crew& crew_;
  World& world_;
  std::unique_ptr<snapshot::Snapshot> snapshot_;
  std::vector<std::string> listener_names_;  // By ListenerId.
  std::vector<OpenListener> listeners_;
  std::vector<std::pair<pool::ServerId, std::string>> unresolved_;
  Instant resolve_at_ = never;
  std::atomic<Phase> phase_ = Phase::starting;  // Read by whoever asks for readiness.
  Instant phase_ends_ = never;
  Instant next_ = never;
};

}  // namespace ringway::reload
