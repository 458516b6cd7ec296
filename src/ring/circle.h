// The sorted points of a pool's servers on a circle of 2^32 or 2^64 places, and the
// owner of any place: the first point at or after it, past the end the first of all.
//
//   starts_   [ 0 | 15 | 33 | 47 | ... ]   one entry per value of a point's top bits:
//               |   |                       where points with these top bits begin
//   vnodes_   [ p0 p1 ... p15 p16 ... pn | sentinel ]
//
// Points are hashes, hence evenly spread. A bucket holds about 16, so that starts_ of
// a million points stays in the nearest caches; the place's next bits say where in
// the bucket its owner should be, and it is a step or two from there: one far read of
// memory per lookup. The same buckets sort the points in linear time. The sentinel
// (the greatest point) ends every scan upwards.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "ringway/base/assert.h"
#include "ringway/ring/live_set.h"

namespace ringway::ring {

template <typename Point>
class Circle {
 public:
  // 8 or 12 bytes: halves instead of one 64-bit member, so that there is no padding.
  class Vnode {
   public:
    Vnode() = default;
    Vnode(Point point, std::uint32_t server)
        : halves_(std::bit_cast<Halves>(point)), server_(server) {}
    Point point() const { return std::bit_cast<Point>(halves_); }
    std::uint32_t server() const { return server_; }

   private:
    using Halves = std::array<std::uint32_t, sizeof(Point) / sizeof(std::uint32_t)>;
    Halves halves_{};
    std::uint32_t server_ = 0;
  };

  // In any order; of vnodes on one point the first given comes first.
  explicit Circle(std::span<const Vnode> vnodes)
      : size_(static_cast<std::uint32_t>(vnodes.size())) {
    RINGWAY_ASSERT(vnodes.size() < std::numeric_limits<std::uint32_t>::max());
    const int width = static_cast<int>(std::bit_width(vnodes.size()));
    bits_ = std::max(1, width - 4);
    starts_.resize((std::size_t{1} << bits_) + 1);
    vnodes_.resize(vnodes.size() + 1);
    scatter(vnodes);
    for (std::size_t b = 0; b + 1 < starts_.size(); ++b) sort(starts_[b], starts_[b + 1]);
    vnodes_.back() = Vnode(std::numeric_limits<Point>::max(), 0);
  }

  std::uint32_t size() const { return size_; }
  const Vnode& operator[](std::uint32_t index) const { return vnodes_[index]; }

  // The index of the vnode that owns `place`. Requires: size() > 0.
  std::uint32_t owner(Point place) const {
    std::uint32_t i = guess(place);
    while (vnodes_[i].point() < place) ++i;
    while (i > 0 && vnodes_[i - 1].point() >= place) --i;
    return i == size_ ? 0 : i;
  }

  // The first vnode at or after `index` whose server is live; nullopt if `steps_max`
  // vnodes have none.
  std::optional<std::uint32_t> next_live(std::uint32_t index, const LiveSet& live,
                                         std::uint32_t steps_max) const {
    for (std::uint32_t step = std::min(size_, steps_max); step > 0; --step) {
      if (live.live(vnodes_[index].server())) return index;
      if (++index == size_) index = 0;
    }
    return std::nullopt;
  }

 private:
  // Counting sort by the top bits, stable. Leaves in starts_ where each bucket begins.
  void scatter(std::span<const Vnode> vnodes) {
    for (const Vnode& vnode : vnodes) ++starts_[bucket(vnode.point()) + 1];
    for (std::size_t b = 1; b < starts_.size(); ++b) starts_[b] += starts_[b - 1];
    std::vector<std::uint32_t> next(starts_);
    for (const Vnode& vnode : vnodes) vnodes_[next[bucket(vnode.point())]++] = vnode;
  }

  // Insertion sort, stable: a bucket has a handful of vnodes.
  void sort(std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t i = begin + 1; i < end; ++i) {
      const Vnode vnode = vnodes_[i];
      std::uint32_t to = i;
      for (; to > begin && vnodes_[to - 1].point() > vnode.point(); --to)
        vnodes_[to] = vnodes_[to - 1];
      vnodes_[to] = vnode;
    }
  }

  std::size_t bucket(Point place) const {
    return static_cast<std::size_t>(place >> (std::numeric_limits<Point>::digits - bits_));
  }

  // As far into the bucket as the bits below the bucket's are into their range.
  std::uint32_t guess(Point place) const {
    const std::size_t b = bucket(place);
    const auto rest = static_cast<Point>(place << bits_);
    const std::uint64_t part = rest >> (std::numeric_limits<Point>::digits - 32);
    return starts_[b] + static_cast<std::uint32_t>((starts_[b + 1] - starts_[b]) * part >> 32);
  }

  std::vector<std::uint32_t> starts_;
  std::vector<Vnode> vnodes_;
  std::uint32_t size_ = 0;
  int bits_ = 0;
};

}  // namespace ringway::ring
