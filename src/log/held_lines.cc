// A map by key: lines are held on bad days only, and few. What is due is sorted by when it was
// said, so that who reads the log sees it in that order.
#include "log/held_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ringway::log {
namespace {

Line told_late(HeldLines::Held held, Instant now) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(now - held.since).count();
  held.line.message +=
      held.left_out == 0 ? fmt::format(" ({}s ago)", s)
                         : fmt::format(" ({}s ago; {} lines like this left out)", s, held.left_out);
  return std::move(held.line);
}

}  // namespace

void HeldLines::hold(const std::string& key, Held held) {
  const auto at = held_.find(key);
  if (at == held_.end()) {
    if (held_.size() < lines_max) held_.emplace(key, std::move(held));
  } else if (at->second.number < held.number) {
    at->second = std::move(held);
  }
}

void HeldLines::drop(const std::string& key, std::uint64_t number) {
  const auto at = held_.find(key);
  if (at != held_.end() && at->second.number < number) held_.erase(at);
}

std::vector<Line> HeldLines::take_due(Instant now) {
  std::vector<Held> due;
  std::erase_if(held_, [&](auto& entry) {
    if (entry.second.due > now) return false;
    due.push_back(std::move(entry.second));
    return true;
  });
  std::ranges::sort(due, {}, &Held::since);
  std::vector<Line> lines;
  for (Held& held : due) lines.push_back(told_late(std::move(held), now));
  return lines;
}

std::vector<Line> HeldLines::take_all(Instant now) {
  for (auto& [key, held] : held_) held.due = now;
  return take_due(now);
}

Instant HeldLines::next() const {
  Instant first = never;
  for (const auto& [key, held] : held_) first = std::min(first, held.due);
  return first;
}

}  // namespace ringway::log
