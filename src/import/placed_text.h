// Text that is written for somebody who will complain about it by line: knows for each of
// its lines which place of another file it came from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ringway/config/problem.h"

namespace ringway::cli {

class PlacedText {
 public:
  // `text` ends with a line.
  void add(std::string_view text, const config::Place& from) {
    text_ += text;
    places_.insert(places_.end(), static_cast<std::size_t>(std::ranges::count(text, '\n')), from);
  }

  void add(const PlacedText& other) {
    text_ += other.text_;
    places_.insert(places_.end(), other.places_.begin(), other.places_.end());
  }

  const std::string& text() const { return text_; }
  const std::vector<config::Place>& places() const { return places_; }  // One for each line.

 private:
  std::string text_;
  std::vector<config::Place> places_;
};

}  // namespace ringway::cli
