// Read from several HTTP threads at once: only from atomics, from the registry,
// and from the snapshot, which does not change.
#include "cli/status.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/pool_status.h"

namespace ringway::cli {

using metrics::WorkerMetric;
using nlohmann::json;

std::string Status::metrics_text() {
  return crew_.registry.exposition(board_figures(control_.snapshot(), crew_.board));
}

bool Status::ready(std::string& why_not) {
  if (control_.ready()) return true;
  why_not = control_.phase() == reload::Phase::starting ? "starting" : "stopping";
  return false;
}

std::string Status::status_json() {
  std::string why_not;
  const metrics::Registry& registry = crew_.registry;
  const snapshot::Snapshot& snapshot = control_.snapshot();
  json status = {{"version", RINGWAY_VERSION},
                 {"ready", ready(why_not)},
                 {"io", io_},
                 {"workers", crew_.size()},
                 {"generation", control_.generation()},
                 {"clients", crew_.clients()},
                 {"requests", registry.total(WorkerMetric::requests)},
                 {"pools", json::array()}};
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<Duration>(since_boot)};
  for (const auto& pool : snapshot.pools) {
    status["pools"].push_back(pool_status(*pool, crew_, now));
  }
  return status.dump(2) + "\n";
}

}  // namespace ringway::cli
