// Why a client is not read, and how long clients were not for each reason. Several
// reasons may hold at once: a client is read again when the last of them is gone.
#pragma once

#include <array>
#include <cstdint>

#include "ringway/base/time.h"
#include "ringway/metrics/counters.h"

namespace ringway::proxy {

enum class PauseReason : std::uint8_t {
  own,           // A limit of its own was reached.
  server_queue,  // A server that it asks has a full queue.
  memory,        // memory_max was reached.
};
inline constexpr std::size_t pause_reasons = 3;

// Those of one client.
class Pauses {
 public:
  bool any() const { return held_ != 0; }
  bool holds(PauseReason reason) const { return (held_ & bit(reason)) != 0; }
  // False if it held already, or did not.
  bool begin(PauseReason reason) {
    if (holds(reason)) return false;
    held_ |= bit(reason);
    return true;
  }
  bool end(PauseReason reason) {
    if (!holds(reason)) return false;
    held_ ^= bit(reason);
    return true;
  }

 private:
  static std::uint8_t bit(PauseReason reason) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(reason));
  }

  std::uint8_t held_ = 0;
};

// Those of all clients of a worker: how many there are, how many there were, and the sum of
// their times up to the last move_on().
class PausedClients {
 public:
  explicit PausedClients(metrics::WorkerCounters& counters) : counters_(counters) {}

  std::uint32_t count(PauseReason reason) const { return count_[index(reason)]; }
  void begin(PauseReason reason, Instant now);
  void end(PauseReason reason, Instant now);
  void move_on(Instant now);

 private:
  static std::size_t index(PauseReason reason) { return static_cast<std::size_t>(reason); }

  metrics::WorkerCounters& counters_;
  std::array<std::uint32_t, pause_reasons> count_{};
  std::uint32_t count_of_all_ = 0;
  Instant moved_on_{};
};

}  // namespace ringway::proxy
