// At most so many lines a minute for each key (a server that flaps, say), and the
// number of those left out once one gets through again. The newest that was refused is to be
// written when its minute is over, and has its turn then: write_limited() sees to that.
// Pure: time is passed in. RateLimit belongs to one thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ringway/base/time.h"

namespace ringway::log {

class RateLimit {
 public:
  explicit RateLimit(std::uint32_t lines_per_minute);

  struct Verdict {
    bool allowed;
    std::uint64_t left_out;  // Lines of this key that nobody sees since the last one allowed.
    Instant now{};
    Instant due{};             // When it is written if it stays the newest; of one refused.
    std::uint64_t number = 0;  // Rises from line to line.
  };

  // In no minute, wherever it begins, more than lines_per_minute are allowed.
  Verdict ask(const std::string& key, Instant now);

  // Keys that are remembered: those quiet for a minute are forgotten in time.
  std::size_t keys() const { return keys_.size(); }

 private:
  struct Key {
    std::vector<Instant> allowed;  // A ring of the last lines_per_minute.
    std::size_t oldest = 0;
    Instant last_asked;
    std::uint64_t refused = 0;  // Since the last one written; the newest of them is due
    Instant due{};              // at this time.
  };

  bool take_turn(Key& key, Instant now) const;
  void forget_quiet(Instant now);

  const std::uint32_t lines_per_minute_;
  std::size_t keys_to_sweep_ = 64;
  std::uint64_t asked_ = 0;
  std::unordered_map<std::string, Key> keys_;
};

// The same for lines that any thread may write.
class SharedRateLimit {
 public:
  explicit SharedRateLimit(std::uint32_t lines_per_minute) : limit_(lines_per_minute) {}

  RateLimit::Verdict ask(const std::string& key, Instant now) {
    const std::lock_guard lock(mutex_);
    return limit_.ask(key, now);
  }

 private:
  std::mutex mutex_;
  RateLimit limit_;
};

}  // namespace ringway::log
