// A map by key: lines are held on bad days only, and few; all are looked at only when one may be
// due. What is due is sorted by when it was
// said, so that who reads the log sees it in that order.
#include "log/held_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ringway::log {
namespace {

Line told_late(HeldLines::Held held, Instant now) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(now - held.since).count();
  std::string& text = held.line.message;
  text += fmt::format(" ({}s ago", s);
  if (held.left_out > 0) text += fmt::format("; {} lines like this left out", held.left_out);
  const std::uint64_t more = held.more.count ? held.more.count->load() - held.more.before : 0;
  if (more > 0) text += fmt::format("; {} more since", more);
  text += ")";
  return std::move(held.line);
}

}  // namespace

void HeldLines::hold(const std::string& key, Held held) {
  const auto at = held_.find(key);
  first_due_ = std::min(next(), held.due);
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
  if (now < next()) return {};
  std::vector<Held> due;
  first_due_ = never;
  std::erase_if(held_, [&](auto& entry) {
    if (entry.second.due > now) {
      first_due_ = std::min(first_due_, entry.second.due);
      return false;
    }
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
  first_due_ = now;
  return take_due(now);
}

}  // namespace ringway::log
