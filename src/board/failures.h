// The case against one server: failures in a row within a window of time. One event
// is one failure, however many connections and requests it took along: what had begun
// before the last failure that counted says nothing new, nor does what fails within a
// moment of it. Of two connections that end together one may still have delivered; and all
// workers try a server anew at once that has just ended their connections, which tells no
// more of one that is being restarted. Pure; guarded by its owner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ringway/base/time.h"

namespace ringway::proxy {

class Failures {
 public:
  explicit Failures(Duration moment) : moment_(moment) {}

  // Something that began at `begun` failed at `now`. True if with it `limit` failures
  // are within `window`.
  bool add(Instant begun, Instant now, std::uint32_t limit, Duration window) {
    if (begun < last_ || now - last_ <= moment_) return false;
    last_ = now;
    std::erase_if(times_, [&](Instant time) { return now - time > window; });
    times_.push_back(now);
    return times_.size() >= limit;
  }

  // A success ends the row. What began before the last failure still does not count.
  void clear() { times_.clear(); }

  std::uint32_t count() const { return static_cast<std::uint32_t>(times_.size()); }

 private:
  std::vector<Instant> times_;  // Oldest first; never more than the limit.
  Duration moment_;
  Instant last_{Duration::min() / 2};
};

}  // namespace ringway::proxy
