// Lines that a limit did not let through: of each key the newest, until its minute is over.
// So the last word about what flaps is how it stands. Pure: time is passed in.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ringway/base/time.h"

#include "log/line.h"

namespace ringway::log {

class HeldLines {
 public:
  // More keys than any configuration has servers; what is beyond is not held.
  static constexpr std::size_t lines_max = 65536;

  // How many more lines like it there were since: whoever has no time to hold each counts them.
  struct Since {
    std::shared_ptr<const std::atomic<std::uint64_t>> count;
    std::uint64_t before = 0;  // What the count was when the line was held.
  };

  struct Held {
    Line line;
    Instant since{};
    Instant due{};
    std::uint64_t number = 0;    // Of a key's lines the newest has the highest.
    std::uint64_t left_out = 0;  // Older lines that nobody will see.
    Since more{};                // And newer ones.
  };

  // Instead of an older one of its key.
  void hold(const std::string& key, Held held);
  // A line with this number is written: what is older is told by it.
  void drop(const std::string& key, std::uint64_t number);

  // What is due, the oldest first. They say how old they are.
  std::vector<Line> take_due(Instant now);
  std::vector<Line> take_all(Instant now);
  // Not later than the first is due; `never`: nothing is held.
  Instant next() const { return held_.empty() ? never : first_due_; }

 private:
  std::map<std::string, Held> held_;
  Instant first_due_ = never;  // Or earlier, if that line was replaced or dropped.
};

}  // namespace ringway::log
