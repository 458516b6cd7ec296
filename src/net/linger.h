// Whether a sleep should go on for several completions. Where replies trickle in
// one by one that saves wake-ups, here and on the machines that answer; where a
// sleep brings several anyway, the kernel's timer costs more than it saves.
//
// That shows only while nobody lingers: so a trial of some sleeps that end at their
// first completion decides about the many after it. Decides; does not sleep.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ringway::net {

class Linger {
 public:
  // With fewer replies expected nobody is made to wait for another's.
  static constexpr std::uint32_t in_flight_min = 16;
  static constexpr std::uint32_t completions_max = 64;
  static constexpr std::uint32_t trial_sleeps = 128;
  static constexpr std::uint32_t lingers_per_trial = 2048;
  // Fewer completions in a trial are a trickle; many at one sleep count as a few.
  // Measured per sleep: 1.4 to 2.0 with real servers, 3.8 with servers that do nothing.
  static constexpr std::uint32_t trickle_below = trial_sleeps * 5 / 2;
  static constexpr std::uint32_t counted_max = 8;

  // How many completions the next sleep is for; 1: it should not linger.
  std::uint32_t wanted(std::uint32_t in_flight) {
    const bool busy = in_flight >= in_flight_min;
    trying_ = busy && lingers_left_ == 0;
    if (!busy || trying_) return 1;
    --lingers_left_;
    return std::min(in_flight / 2, completions_max);
  }

  // The sleep is over, with so many completions beside those of our own sends. With
  // none it was no sleep: the sends themselves ended it.
  void woke(std::uint32_t arrived) {
    if (!trying_ || arrived == 0) return;
    arrived_ += std::min(arrived, counted_max);
    if (++tried_ < trial_sleeps) return;
    lingers_left_ = arrived_ < trickle_below ? lingers_per_trial : 0;
    tried_ = 0;
    arrived_ = 0;
  }

 private:
  bool trying_ = false;
  std::uint32_t lingers_left_ = 0;  // Before the next trial.
  std::uint32_t tried_ = 0;         // Sleeps of this trial,
  std::uint32_t arrived_ = 0;       // and what they brought.
};

}  // namespace ringway::net
