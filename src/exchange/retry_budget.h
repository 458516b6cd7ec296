// How many requests of a pool may be asked a second time: a share of its requests in the last
// ten seconds, but at least some each second. Without it, retries would double the load of
// a tier that fails because of load. One per worker and pool, with the worker's part; pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ringway/base/time.h"

namespace ringway::proxy {

class RetryBudget {
 public:
  static constexpr std::size_t seconds = 10;
  static constexpr std::uint32_t per_second_min = 10;  // Of all workers.

  explicit RetryBudget(std::uint32_t workers = 1)
      : own_min_((per_second_min + workers - 1) / workers) {}

  // Takes one retry out of it; false if there is none. `requests`: all requests of the pool
  // so far, as this worker counted them.
  bool take(Instant now, std::uint64_t requests, double share) {
    move_on(now, requests);
    std::uint64_t taken = 0;
    for (const Second& second : last_) taken += second.taken;
    Second& present = last_[at_];
    const auto allowed = share * static_cast<double>(requests - oldest().requests);
    if (present.taken >= own_min_ && static_cast<double>(taken) >= allowed) return false;
    ++present.taken;
    return true;
  }

  // To be called now and then, at best once a second, so that it knows what is recent.
  void move_on(Instant now, std::uint64_t requests) {
    const std::int64_t second =
        std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::int64_t passed = second - second_;
    if (passed <= 0) return;
    for (std::int64_t i = 0; i < passed && i < static_cast<std::int64_t>(seconds); ++i) {
      at_ = (at_ + 1) % seconds;
      last_[at_] = {requests, 0};
    }
    second_ = second;
  }

 private:
  struct Second {
    std::uint64_t requests = 0;  // Before it began.
    std::uint32_t taken = 0;
  };

  const Second& oldest() const { return last_[(at_ + 1) % seconds]; }

  std::uint32_t own_min_;
  std::array<Second, seconds> last_{};
  std::size_t at_ = 0;
  std::int64_t second_ = 0;
};

}  // namespace ringway::proxy
