// Collects the problems of one load and hands them out in the order of files and
// lines. A problem found twice (once for each pool that inherits it) is told once.
#pragma once

#include <string>
#include <vector>

#include "ringway/config/problem.h"

namespace ringway::config {

// Of one list or file; the others are counted.
inline constexpr std::size_t problems_shown_max = 20;

class Complaints {
 public:
  // `hint`: what to do about it; never empty.
  void error(const Place& where, std::string what, std::string hint);
  void warning(const Place& where, std::string what, std::string hint);
  void add(Problem problem);
  void take(const Complaints& others);

  bool any_error() const { return config::any_error(problems_); }
  std::size_t errors() const;

  // `files`: in the order in which they were read.
  Problems in_order(const std::vector<std::string>& files) const;

 private:
  Problems problems_;
};

}  // namespace ringway::config
