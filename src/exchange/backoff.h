// How long it is until the next try: twice as long each time, and each time off by up to a half
// either way, so that many routers do not come back at once. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ringway/base/time.h"

namespace ringway::proxy {

class Backoff {
 public:
  // It failed before, and nothing has gone well since.
  bool begun() const { return time_ != Duration::zero(); }
  // `random`: any number.
  Duration next(Duration shortest, Duration longest, std::uint64_t random) {
    time_ = begun() ? std::min(time_ * 2, longest) : shortest;
    const auto share = static_cast<std::int64_t>(random % 1001);
    return time_ / 2 + time_ * share / 1000;
  }
  void end() { time_ = Duration::zero(); }

 private:
  Duration time_{};  // The last one, before chance.
};

}  // namespace ringway::proxy
