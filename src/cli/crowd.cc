// See crowd.h. Every worker of every instance has connections of its own; one worker of
// each instance checks.
#include "cli/crowd.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringway::cli {

Crowd crowd_of(const config::Config& config, const config::Pool& pool, std::uint32_t instances) {
  const std::uint64_t workers = std::max(config.router.workers, 1u);
  const bool checks = pool.health.check != config::Check::off;
  const double interval_s = std::chrono::duration<double>(pool.health.interval).count();
  return {.pool = pool.name,
          .connections = instances * workers * pool.server_connections,
          .checks_per_s = checks ? instances / interval_s : 0};
}

std::string crowd_text(const Crowd& crowd, std::uint32_t instances) {
  return fmt::format(
      "pool {}: from {} ringways each server gets up to {} connections, and {:.0f} checks a "
      "second while it is idle\n",
      crowd.pool, instances, crowd.connections, crowd.checks_per_s);
}

void add_crowds(const config::Config& config, std::uint32_t instances, config::Problems& problems) {
  for (const config::Pool& pool : config.pools) {
    const Crowd crowd = crowd_of(config, pool, instances);
    const auto warn = [&](std::string what, std::string hint) {
      problems.push_back({pool.where, fmt::format("pool '{}': {}", pool.name, std::move(what)),
                          std::move(hint), config::Severity::warning});
    };
    if (crowd.connections > crowd_warned_at) {
      warn(fmt::format("each server gets up to {} connections from {} ringways", crowd.connections,
                       instances),
           "raise memcached's -c, or run fewer and larger ringways between");
    }
    if (crowd.checks_per_s > static_cast<double>(crowd_warned_at)) {
      warn(fmt::format("each idle server gets {:.0f} checks a second from {} ringways",
                       crowd.checks_per_s, instances),
           "raise health.interval");
    }
  }
}

}  // namespace ringway::cli
