// See offline_snapshot.h. Nothing is told of warnings: they are `check`'s, and would
// stand between the operator and the answer.
#include "explain/offline_snapshot.h"

#include <algorithm>
#include <fmt/format.h>

#include "ringway/config/load.h"

#include "import/import.h"

namespace ringway::cli {
namespace {

// Nothing runs beside this snapshot: any distinct numbers do.
snapshot::Identities fresh_identities() {
  auto server = [next = 0u](const pool::ServerIdentity&) mutable { return pool::ServerId{next++}; };
  auto listener = [next = 0u](const std::string&) mutable { return next++; };
  return {server, listener};
}

bool on_a_pool(const config::Config& config, const config::Listener& listener) {
  return std::ranges::find(config.pools, listener.route, &config::Pool::name) != config.pools.end();
}

}  // namespace

std::unique_ptr<snapshot::Snapshot> offline_snapshot(const std::string& file, std::ostream& err) {
  config::Loaded loaded = load_any(file);
  for (const config::Problem& problem : loaded.problems) {
    if (problem.severity == config::Severity::error) err << text(problem) << "\n";
  }
  return loaded.config ? offline_snapshot(std::move(*loaded.config), err) : nullptr;
}

std::unique_ptr<snapshot::Snapshot> offline_snapshot(config::Config config, std::ostream& err) {
  std::erase_if(config.listeners, [&](const config::Listener& listener) {
    if (on_a_pool(config, listener)) return false;
    err << fmt::format(
        "listener '{}' is left out: it is on route '{}', and routes are not yet "
        "supported\n",
        listener.name, listener.route);
    return true;
  });
  if (config.listeners.empty()) return nullptr;
  return snapshot::build(std::move(config), 0, fresh_identities());
}

std::vector<route::PoolLive> all_live(const snapshot::Snapshot& snapshot) {
  std::vector<route::PoolLive> live;
  for (const auto& pool : snapshot.pools) {
    live.emplace_back(pool->member_count);
  }
  return live;
}

std::vector<const snapshot::Listener*> listeners_named(const snapshot::Snapshot& snapshot,
                                                       std::string_view name) {
  std::vector<const snapshot::Listener*> found;
  for (const snapshot::Listener& listener : snapshot.listeners) {
    if (name.empty() || listener.settings.name == name) found.push_back(&listener);
  }
  return found;
}

std::string no_such_listener(const snapshot::Snapshot& snapshot, std::string_view name) {
  std::string names;
  for (const snapshot::Listener& listener : snapshot.listeners) {
    names += (names.empty() ? "" : ", ") + listener.settings.name;
  }
  return fmt::format("there is no listener '{}'; there are: {}", name, names);
}

}  // namespace ringway::cli
