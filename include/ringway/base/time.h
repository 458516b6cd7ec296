// Time as the program knows it: nanoseconds since a start that means nothing.
// There is deliberately no now() here: only an Io (src/net/io.h) reads a clock,
// so that pure code stays pure and the simulator owns time.
#pragma once

#include <chrono>
#include <cstdint>

namespace ringway {

using Duration = std::chrono::nanoseconds;

struct MonotonicClock {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};

using Instant = MonotonicClock::time_point;

// Later than every deadline.
inline constexpr Instant never = Instant::max();

constexpr std::int64_t to_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace ringway
