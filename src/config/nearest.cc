// See nearest.h. The distance counts a swap of two neighbours as one mistake,
// since that is how fingers err (optimal string alignment).
#include "config/nearest.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace ringway::config {
namespace {

constexpr std::size_t word_max = 64;  // Longer words are not typing mistakes.

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// How many characters two words begin with in common: breaks ties.
std::size_t common(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > word_max) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    // A whole part of the right word ("uring") is as good as one mistake.
    const bool part = word.size() > 2 && candidate.find(word) != candidate.npos;
    const std::size_t away = part ? 1 : distance(word, candidate);
    const bool nearer = away < best_distance || (away == best_distance && !best.empty() &&
                                                 common(word, candidate) > common(word, best));
    if (nearer && away < candidate.size()) {
      best = candidate;
      best_distance = away;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest(word, known);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  if (known.empty()) return "";
  return fmt::format("known here: {}", fmt::join(known, ", "));
}

}  // namespace ringway::config
