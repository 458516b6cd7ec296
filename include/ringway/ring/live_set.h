// Which servers of one pool may take traffic now, as a bit per server in the
// order of the pool. Constant within a turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ringway/base/assert.h"

namespace ringway::ring {

class LiveSet {
 public:
  LiveSet() = default;
  explicit LiveSet(std::uint32_t servers) : words_((servers + 63) / 64), size_(servers) {
    for (std::uint32_t i = 0; i < servers; ++i) set(i, true);
  }

  bool live(std::uint32_t server) const {
    RINGWAY_ASSERT(server < size_);
    return (words_[server / 64] >> (server % 64)) & 1;
  }

  void set(std::uint32_t server, bool live) {
    RINGWAY_ASSERT(server < size_);
    const std::uint64_t bit = std::uint64_t{1} << (server % 64);
    const bool was = (words_[server / 64] & bit) != 0;
    if (was == live) return;
    words_[server / 64] ^= bit;
    count_ += live ? 1 : -1;
  }

  std::uint32_t size() const { return size_; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(count_); }
  bool all() const { return count() == size_; }

 private:
  std::vector<std::uint64_t> words_;
  std::uint32_t size_ = 0;
  std::int32_t count_ = 0;
};

}  // namespace ringway::ring
