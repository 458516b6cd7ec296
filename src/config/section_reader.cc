// See section_reader.h. A word that is no key here may be one elsewhere: whoever
// writes `interval` into a pool is told that it belongs into its table of checks.
#include "config/section_reader.h"

namespace ringway::config {

void complain_unknown(const Entry& entry, std::string_view section,
                      const std::vector<std::string_view>& known, Complaints& complaints) {
  std::string hint = suggestion(entry.key, known);
  if (const auto homes = homes_of(entry.key); !homes.empty()) {
    hint = fmt::format("it belongs in {}", homes);
  } else if (nearest(entry.key, known).empty()) {
    const auto near = nearest(entry.key, every_key());
    if (!near.empty()) hint = fmt::format("'{}' belongs in {}", near, homes_of(near));
  }
  complaints.error(entry.where, fmt::format("unknown key '{}' in {}", entry.key, section), hint);
}

bool asks_for_protection(const Entry& entry, Complaints& complaints) {
  if (entry.value.kind == NodeKind::text && entry.value.text.empty()) return false;
  complaints.error(entry.where,
                   fmt::format("'{}' asks for protection that is not yet there: all would flow "
                               "without it",
                               entry.key),
                   "leave it out only where nobody else reaches clients, servers and what is "
                   "between; or put a program in front that has it");
  return true;
}

}  // namespace ringway::config
