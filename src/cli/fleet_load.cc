// See fleet_load.h. Every worker of every instance has connections of its own; one worker of
// each instance checks.
#include "cli/fleet_load.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <string_view>

#include "daemon/machine.h"

namespace ringway::cli {

namespace {

// What falls upon the server at one address.
struct Load {
  std::uint64_t connections = 0;
  double checks_per_s = 0;
};

std::uint32_t workers_of(const config::Config& config) {
  return config.router.workers > 0 ? config.router.workers : cpus_allowed();
}

std::string rate_text(double per_s) {
  return per_s < 10 ? fmt::format("{:.2g}", per_s) : fmt::format("{:.0f}", per_s);
}

std::map<std::string_view, Load> loads_of(const config::Config& config, std::uint32_t workers,
                                          std::uint32_t instances) {
  std::map<std::string_view, Load> loads;
  for (const config::Pool& pool : config.pools) {
    const bool checks = pool.health.check != config::Check::off;
    const double interval_s = std::chrono::duration<double>(pool.health.interval).count();
    for (const config::Server& server : pool.servers) {
      Load& load = loads[server.address];
      load.connections += std::uint64_t{instances} * workers * pool.server_connections;
      load.checks_per_s += checks ? instances / interval_s : 0;
    }
  }
  return loads;
}

}  // namespace

std::vector<FleetLoad> fleet_loads(const config::Config& config, std::uint32_t workers,
                                   std::uint32_t instances) {
  const auto loads = loads_of(config, workers, instances);
  std::vector<FleetLoad> fleets;
  for (const config::Pool& pool : config.pools) {
    FleetLoad& fleet = fleets.emplace_back(FleetLoad{.pool = pool.name});
    for (const config::Server& server : pool.servers) {
      const Load& load = loads.at(server.address);
      fleet.connections = std::max(fleet.connections, load.connections);
      fleet.checks_per_s = std::max(fleet.checks_per_s, load.checks_per_s);
    }
  }
  return fleets;
}

std::string fleet_text(const config::Config& config, std::uint32_t instances) {
  const std::uint32_t workers = workers_of(config);
  std::string lines;
  if (config.router.workers == 0) {
    lines = fmt::format("workers = 0: as on this machine, {} CPU{}\n", workers,
                        workers == 1 ? "" : "s");
  }
  for (const FleetLoad& fleet : fleet_loads(config, workers, instances)) {
    lines += fmt::format(
        "pool {}: from {} ringways each server gets up to {} connections, and {} checks a "
        "second while it is idle\n",
        fleet.pool, instances, fleet.connections, rate_text(fleet.checks_per_s));
  }
  return lines;
}

void add_fleet_load(const config::Config& config, std::uint32_t instances,
                    config::Problems& problems) {
  const std::vector<FleetLoad> fleets = fleet_loads(config, workers_of(config), instances);
  for (std::size_t i = 0; i < fleets.size(); ++i) {
    const FleetLoad& fleet = fleets[i];
    const config::Pool& pool = config.pools[i];
    const auto warn = [&](std::string what, std::string hint) {
      problems.push_back({pool.where, fmt::format("pool '{}': {}", pool.name, std::move(what)),
                          std::move(hint), config::Severity::warning});
    };
    if (fleet.connections > fleet_warned_at) {
      warn(fmt::format("each server gets up to {} connections from {} ringways", fleet.connections,
                       instances),
           "raise memcached's -c, or run fewer and larger ringways between");
    }
    if (fleet.checks_per_s > static_cast<double>(fleet_warned_at)) {
      warn(fmt::format("each idle server gets {:.0f} checks a second from {} ringways",
                       fleet.checks_per_s, instances),
           "raise health.interval");
    }
  }
}

}  // namespace ringway::cli
