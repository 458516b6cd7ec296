// What each server of a pool gets to do with when many ringways share it, as thousands of
// sidecars do: connections, and checks while it is idle. A server of several pools gets what
// all of them make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/config/problem.h"

namespace ringway::cli {

// memcached takes 1,024 connections unless it is told otherwise.
inline constexpr std::uint64_t fleet_warned_at = 1000;

struct FleetLoad {
  std::string pool;
  std::uint64_t connections = 0;  // To its busiest server, at most.
  double checks_per_s = 0;        // Of that server, while no traffic proves it alive.
};

// One for each pool. `workers` are those of one ringway.
std::vector<FleetLoad> fleet_loads(const config::Config& config, std::uint32_t workers,
                                   std::uint32_t instances);

// A line for each pool, and one that says what was assumed.
std::string fleet_text(const config::Config& config, std::uint32_t instances);

// A warning at each pool whose servers get more than fleet_warned_at of either.
void add_fleet_load(const config::Config& config, std::uint32_t instances,
                    config::Problems& problems);

}  // namespace ringway::cli
