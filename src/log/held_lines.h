// Lines that a limit did not let through: of each key the newest, until its minute is over.
// So the last word about what flaps is how it stands. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ringway/base/time.h"

#include "log/line.h"

namespace ringway::log {

class HeldLines {
 public:
  // More keys than any configuration has servers; what is beyond is not held.
  static constexpr std::size_t lines_max = 65536;

  struct Held {
    Line line;
    Instant since{};
    Instant due{};
    std::uint64_t number = 0;    // Of a key's lines the newest has the highest.
    std::uint64_t left_out = 0;  // Older lines that nobody will see.
  };

  // Instead of an older one of its key.
  void hold(const std::string& key, Held held);
  // A line with this number is written: what is older is told by it.
  void drop(const std::string& key, std::uint64_t number);

  // What is due, the oldest first. They say how old they are.
  std::vector<Line> take_due(Instant now);
  std::vector<Line> take_all(Instant now);
  // `never`: nothing is held.
  Instant next() const;

 private:
  std::map<std::string, Held> held_;
};

}  // namespace ringway::log
