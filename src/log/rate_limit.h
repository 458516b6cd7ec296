// At most so many lines a minute for each key (a server that flaps, say), and the
// number of those left out once one gets through again. Pure: time is passed in.
// Belongs to one thread.
#pragma once

#include <cstdint>
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
    std::uint64_t left_out;  // Lines of this key refused since the last one allowed.
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
    std::uint64_t left_out = 0;
  };

  bool take_turn(Key& key, Instant now) const;
  void forget_quiet(Instant now);

  const std::uint32_t lines_per_minute_;
  std::size_t keys_to_sweep_ = 64;
  std::unordered_map<std::string, Key> keys_;
};

}  // namespace ringway::log
