// Whether every worker still turns: one that has ended no turn for a while, although it
// was woken, stands still, and the process is not healthy. Main's thread looks each second;
// others read the finding.
//
// Time is counted in looks: when the whole process stood still (stopped, throttled, a
// machine that was moved), main stood, too, and that was one look.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/time.h"

#include "worker/shared.h"

namespace ringway::cli {

class Pulse {
 public:
  static constexpr Duration look_every = std::chrono::seconds(1);
  static constexpr Duration silence_max = std::chrono::seconds(10);

  explicit Pulse(worker::Shared& shared) : shared_(shared), watched_(shared.size()) {}

  // Wakes whoever has not turned since the last look: an idle worker sleeps.
  void look(Instant now);
  Instant next() const { return next_; }

  // Any thread. False and the worker that stands still.
  bool beats(std::string& why_not) const;

 private:
  struct Watched {
    std::uint64_t turns = 0;
    bool woken = false;  // And it has not turned since.
    Duration silent{};
  };

  void look_at(std::uint32_t number, Duration passed);

  worker::Shared& shared_;
  std::vector<Watched> watched_;
  Instant next_{};
  Instant last_ = never;
  std::atomic<std::int64_t> still_ = -1;  // The first worker that stands still.
};

}  // namespace ringway::cli
