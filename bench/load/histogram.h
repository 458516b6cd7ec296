// Latencies in buckets whose width is below 1% of their value: constant memory
// and a few instructions for each of millions of samples.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ringway::bench {

class Histogram {
 public:
  void record(std::int64_t value_ns, std::uint64_t times = 1) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0));
    buckets_[index_of(value)] += times;
    count_ += times;
    sum_ += static_cast<double>(value) * static_cast<double>(times);
    max_ = std::max(max_, value);
  }

  // The value that `share` (0..1) of the samples do not exceed; 0 without samples.
  double quantile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return static_cast<double>(std::min(top_of(i), max_)) / 1e3;
    }
    return max_us();
  }

  double max_us() const { return static_cast<double>(max_) / 1e3; }
  double mean_us() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_) / 1e3; }
  std::uint64_t count() const { return count_; }
  void clear() { *this = {}; }

 private:
  static constexpr unsigned fine_bits = 7;  // 128 buckets for each power of two.
  static constexpr std::size_t fine = 1U << fine_bits;
  static constexpr unsigned powers = 64 - fine_bits;

  static std::size_t index_of(std::uint64_t value) {
    if (value < fine) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
    return (shift + 1) * fine + ((value >> shift) - fine);
  }

  // The largest value that falls into a bucket.
  static std::uint64_t top_of(std::size_t index) {
    if (index < fine) return index;
    const auto shift = static_cast<unsigned>(index / fine) - 1;
    return (((index % fine) + fine + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (powers + 1) * fine> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace ringway::bench
