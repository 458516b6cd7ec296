// Phrases, joined. Servers are counted, not listed: a line has an end; `ringway diff` lists
// them.
#include "reload/change_summary.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ringway::reload {
namespace {

std::string settings_text(const std::vector<Setting>& settings) {
  std::vector<std::string> names;
  for (const Setting& setting : settings) names.push_back(setting.key);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string_view plural(std::size_t count) {
  return count == 1 ? "" : "s";
}

std::string section_text(const SectionDifference& section) {
  if (section.change == Change::added) return fmt::format("[{}] added", section.name);
  if (section.change == Change::removed) return fmt::format("[{}] removed", section.name);
  return fmt::format("[{}] {}", section.name, settings_text(section.settings));
}

void add_servers(const PoolDifference& pool, std::vector<std::string>& phrases) {
  constexpr std::pair<Change, const char*> kinds[] = {
      {Change::added, "added"}, {Change::removed, "removed"}, {Change::changed, "changed"}};
  for (const auto& [change, word] : kinds) {
    const auto count = static_cast<std::size_t>(
        std::ranges::count(pool.servers, change, &ServerDifference::change));
    if (count > 0) phrases.push_back(fmt::format("{} server{} {}", count, plural(count), word));
  }
}

std::string moved_text(double share) {
  return share == 0 ? "no key moves" : fmt::format("{:.1f}% of the keys move", share * 100);
}

std::string pool_text(const PoolDifference& pool) {
  if (pool.change == Change::added) return fmt::format("pool {} added", pool.name);
  if (pool.change == Change::removed) return fmt::format("pool {} removed", pool.name);
  std::vector<std::string> phrases;
  if (!pool.settings.empty()) phrases.push_back(settings_text(pool.settings));
  add_servers(pool, phrases);
  phrases.push_back(moved_text(pool.away()));
  if (pool.movement && pool.movement->tags_differ) phrases.emplace_back("tagged keys move too");
  return fmt::format("pool {}: {}", pool.name, fmt::join(phrases, ", "));
}

}  // namespace

std::string change_summary(const Difference& difference, const std::vector<std::string>& restart) {
  std::vector<std::string> parts;
  for (const PoolDifference& pool : difference.pools) {
    if (pool.change != Change::same) parts.push_back(pool_text(pool));
  }
  for (const ListenerMovement& one : difference.listeners) {
    parts.push_back(fmt::format("listener {} leads to pool {} and no more to pool {}, {}", one.name,
                                one.after, one.before, moved_text(one.moved)));
  }
  for (const SectionDifference& section : difference.sections) {
    parts.push_back(section_text(section));
  }
  if (!restart.empty()) {
    parts.push_back(fmt::format("left as it was until a restart: {}", fmt::join(restart, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace ringway::reload
