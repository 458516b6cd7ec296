// Whether a sleep should go on for several completions. That makes fewer wake-ups and fuller sends,
// here and on the machines that answer. Where those are what limits everybody more is answered;
// where all of them wait for us less is. Nothing that can be seen from here tells one from the
// other, so it is tried: phases that linger and phases that do not take turns, and what is better
// goes on until the next trial. Better is what answers more; or as much, as soon, for less CPU.
// Decides; does not sleep.
//
//   trial [ not | linger | linger | not ... ]   as decided   trial   as decided ..........   trial
//           phase   phase    phase    phase     rest                 twice as long, if it decided
//           alike
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ringway/base/time.h"

namespace ringway::net {

class Linger {
 public:
  // With fewer replies expected nobody is made to wait for another's.
  static constexpr std::uint32_t in_flight_min = 16;
  static constexpr std::uint32_t completions_max = 64;
  // Long enough for the traffic to take another shape; twelve, for chance makes one of them up to a
  // third better or worse.
  static constexpr Duration phase = std::chrono::milliseconds(10);
  static constexpr std::uint32_t phases = 12;
  static constexpr Duration rest_min = std::chrono::milliseconds(100);
  static constexpr Duration rest_max = std::chrono::seconds(3);
  // Ratios, with lingering to without. Trials before count, too, and none for more than this.
  static constexpr double ratio_max = 1.5;
  static constexpr double weight_of_last = 0.3;
  // So much more must be answered; or no less, of which none waits for longer, for so much CPU.
  static constexpr double gain_min = 1.02;
  static constexpr double loss_max = 0.99;
  static constexpr double wait_max = 1.1;
  static constexpr double cpu_max = 0.95;

  // `cpu`: the time that this thread has had on a CPU.
  explicit Linger(Duration (*cpu)()) : cpu_(cpu) {}

  // How many completions the sleep that begins now is for; 1: it should not linger. `answered`:
  // how many replies have come so far.
  std::uint32_t wanted(Instant now, std::uint32_t in_flight, std::uint64_t answered) {
    if (begun_ == Instant{}) begin_phase(now, answered);
    if (trying()) side().waited += std::chrono::duration<double>(now - slept_) * in_flight_;
    slept_ = now;
    in_flight_ = in_flight;
    if (in_flight < in_flight_min) return 1;
    if (now - begun_ >= (trying() ? phase : rest_)) end_phase(now, answered);
    return lingers_now() ? std::min(in_flight / 2, completions_max) : 1;
  }
  // What was decided.
  bool lingers() const { return lingers_; }

 private:
  struct Side {
    double answered = 0;
    std::chrono::duration<double> time{};
    std::chrono::duration<double> cpu{};
    std::chrono::duration<double> waited{};  // By all requests together.
  };

  bool trying() const { return at_ < phases; }
  // Not, linger, linger, not: what grows or shrinks meanwhile counts on both sides.
  bool phase_lingers() const { return at_ % 4 == 1 || at_ % 4 == 2; }
  bool lingers_now() const { return trying() ? phase_lingers() : lingers_; }
  Side& side() { return sides_[phase_lingers() ? 1 : 0]; }

  void begin_phase(Instant now, std::uint64_t answered) {
    begun_ = slept_ = now;
    answered_before_ = answered;
    cpu_before_ = cpu_();
  }
  void end_phase(Instant now, std::uint64_t answered) {
    if (!trying() || now - begun_ > 2 * phase) {
      at_ = 0;  // Also where little was asked in between: that tells nothing.
      sides_ = {};
    } else {
      side().answered += static_cast<double>(answered - answered_before_);
      side().time += now - begun_;
      side().cpu += cpu_() - cpu_before_;
      if (++at_ == phases) decide();
    }
    begin_phase(now, answered);
  }
  void decide() {
    const auto& [without, with] = sides_;
    if (without.answered == 0 || with.answered == 0) return;
    const double more = with.answered / without.answered;
    learn(gain_, more * (without.time / with.time));
    learn(cpu_each_, with.cpu / without.cpu / more);
    learn(wait_each_, with.waited / without.waited / more);
    const bool before = lingers_;
    lingers_ =
        gain_ >= gain_min || (gain_ >= loss_max && wait_each_ <= wait_max && cpu_each_ <= cpu_max);
    rest_ = lingers_ == before ? std::min(2 * rest_, rest_max) : rest_min;
  }
  static void learn(double& ratio, double seen) {
    ratio += (std::clamp(seen, 1 / ratio_max, ratio_max) - ratio) * weight_of_last;
  }

  Duration (*cpu_)();
  std::array<Side, 2> sides_{};  // Without, and with.
  std::uint32_t at_ = 0;         // Which phase of a trial; beyond the last: as decided.
  Instant begun_{};
  Instant slept_{};  // When the last sleep began, and for how many replies.
  std::uint32_t in_flight_ = 0;
  std::uint64_t answered_before_ = 0;
  Duration cpu_before_{};
  double gain_ = 1;  // Answered in a second,
  double cpu_each_ = 1;
  double wait_each_ = 1;
  bool lingers_ = false;
  Duration rest_ = rest_min;
};

}  // namespace ringway::net
