// See keys.h. What goes over the keys of all sections; the rows themselves are in the
// keys_*.cc, apart by what they are of.
#include "config/keys.h"

namespace ringway::config {
namespace {

// Calls `visit` with each section's keys.
template <typename F>
void for_each_section(F visit) {
  visit(section<Router>(), keys<Router>());
  visit(section<Log>(), keys<Log>());
  visit(section<Metrics>(), keys<Metrics>());
  visit(section<Admin>(), keys<Admin>());
  visit(section<Reload>(), keys<Reload>());
  visit(section<Listener>(), keys<Listener>());
  visit(section<Pool>(), keys<Pool>());
  visit(section<Eject>(), keys<Eject>());
  visit(section<Health>(), keys<Health>());
  visit(section<Server>(), keys<Server>());
  visit(section<Route>(), keys<Route>());
}

}  // namespace

std::string homes_of(std::string_view name) {
  std::string homes;
  for_each_section([&](const Section& section, const auto& keys) {
    for (const auto& key : keys) {
      if (key.name != name) continue;
      if (!homes.empty()) homes += " or ";
      homes += section.header;
    }
  });
  return homes;
}

std::vector<std::string_view> every_key() {
  std::vector<std::string_view> names;
  for_each_section([&](const Section&, const auto& keys) {
    for (const auto& key : keys) names.push_back(key.name);
  });
  return names;
}

}  // namespace ringway::config
