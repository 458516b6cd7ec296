// Read from several HTTP threads at once: only from atomics, from the registry,
// and from the snapshot, which does not change.
#include "cli/status.h"

#include <nlohmann/json.hpp>

namespace ringway::cli {

using metrics::ServerMetric;
using metrics::WorkerMetric;
using nlohmann::json;

std::string Status::metrics_text() {
  return crew_.registry.exposition();
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
  for (const auto& pool : snapshot.pools) {
    json servers = json::array();
    for (const pool::Server& server : pool->servers) {
      const net::Address address = crew_.board.address(server.id);
      const auto total = [&](ServerMetric metric) {
        return registry.total(pool->name(), server.name, metric);
      };
      servers.push_back({{"name", server.name},
                         {"address", server.address},
                         {"resolved", address.empty() ? json(nullptr) : json(address.text())},
                         {"standing", proxy::word(crew_.board.standing(server.id))},
                         {"cause", crew_.board.cause(server.id)},
                         {"live", crew_.board.standing(server.id) == proxy::Standing::up},
                         {"backup", server.backup},
                         {"owed", crew_.board.entry(server.id).owed().keys},
                         {"connections", total(ServerMetric::connections)},
                         {"requests", total(ServerMetric::requests)},
                         {"queue", total(ServerMetric::queued)},
                         {"timeouts", total(ServerMetric::timeouts)}});
    }
    status["pools"].push_back({{"name", pool->name()},
                               {"distribution", pool->settings.distribution},
                               {"hash", pool->settings.hash},
                               {"servers", std::move(servers)}});
  }
  return status.dump(2) + "\n";
}

}  // namespace ringway::cli
