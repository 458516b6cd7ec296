// Read from several HTTP threads at once: only from atomics, from the registry,
// and from the snapshot, which does not change and is held meanwhile.
#include "cli/status.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "ringway/config/units.h"

#include "cli/pool_status.h"

namespace ringway::cli {

using metrics::WorkerMetric;
using nlohmann::json;

namespace {

json listeners_json(const snapshot::Snapshot& snapshot, const proxy::ListenerLoads& loads) {
  json listeners = json::array();
  for (const snapshot::Listener& listener : snapshot.listeners) {
    listeners.push_back({{"name", listener.settings.name},
                         {"route", listener.route->name()},
                         {"retiring", listener.retiring},
                         {"clients", loads[listener.id].clients.load()}});
  }
  return listeners;
}

// Null: nothing waits for its time.
json applies_at(const reload::Control& control) {
  const std::int64_t at = control.applies_at();
  return at == 0 ? json() : json(config::print_time(at));
}

}  // namespace

// Each worker's: they switch one after another.
std::vector<std::uint64_t> Status::generations() const {
  std::vector<std::uint64_t> generations;
  for (const auto& desk : crew_.desks) generations.push_back(desk->generation.load());
  return generations;
}

std::string Status::metrics_text() {
  return crew_.registry.exposition(board_figures(*control_.snapshot(), crew_.board));
}

bool Status::ready(std::string& why_not) {
  if (control_.ready()) return true;
  why_not = control_.phase() == reload::Phase::starting ? "starting" : "stopping";
  return false;
}

std::string Status::status_json() {
  std::string why_not;
  const metrics::Registry& registry = crew_.registry;
  const reload::Present present = control_.present();
  const snapshot::Snapshot& snapshot = *present.snapshot;
  json status = {{"version", RINGWAY_VERSION},
                 {"ready", ready(why_not)},
                 {"io", io_},
                 {"workers", crew_.size()},
                 {"generation", snapshot.generation},
                 {"generations", generations()},
                 {"config_hash", present.fingerprint},
                 {"apply_at", applies_at(control_)},
                 {"clients", crew_.clients()},
                 {"requests", registry.total(WorkerMetric::requests)},
                 {"listeners", listeners_json(snapshot, crew_.loads)},
                 {"pools", json::array()}};
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<Duration>(since_boot)};
  for (const auto& pool : snapshot.pools) {
    status["pools"].push_back(pool_status(*pool, crew_, now));
  }
  return status.dump(2) + "\n";
}

}  // namespace ringway::cli
