// What is written into the file while the router runs: servers come, go, and get other
// weights, the pool gets another name, a listener appears and vanishes, limits change; now
// and then it cannot be read at all. Names of servers stay with their addresses.
#include <algorithm>

#include "sim/scenario.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* side_bind = "127.0.0.1:11312";
constexpr std::uint64_t spare_servers = 2;

void draw_servers(Chance& chance, const Scenario& scenario, config::Pool& pool) {
  pool.servers.clear();
  for (const config::Server& server : scenario.every_server) {
    if (chance.one_in(3)) continue;
    pool.servers.push_back(server);
    if (chance.one_in(4)) {
      pool.servers.back().weight = static_cast<std::uint32_t>(chance.between(1, 3));
    }
  }
  if (pool.servers.empty()) pool.servers.push_back(scenario.every_server[0]);
}

// What a reload may add.
void add_spare(Scenario& scenario) {
  const std::string number = std::to_string(scenario.servers.size() + 1);
  const bool named = scenario.pool().servers[0].address.starts_with("mc-");
  config::Server server = scenario.pool().servers[0];
  server.address = named ? "mc-" + number + ".sim:11211" : "10.0.0." + number + ":11211";
  server.name = "mc" + number;
  scenario.servers.push_back(*net::Address::parse("10.0.0." + number + ":11211"));
  scenario.every_server.push_back(server);
}

// Nothing that the checks of the run rely on: those are the scenario's.
void draw_settings(Chance& chance, config::Config& config) {
  config::Pool& pool = config.pools[0];
  switch (chance.below(5)) {
    case 0: pool.server_connections = 3 - pool.server_connections; break;
    case 1: pool.server_idle_timeout = chance.between(20ms, 5s); break;
    case 2:
      pool.name = pool.name == "sim" ? "other" : "sim";
      for (config::Listener& listener : config.listeners) listener.route = pool.name;
      break;
    case 3:
      if (config.listeners.size() > 1) {
        config.listeners.pop_back();
      } else {
        config.listeners.push_back(config.listeners[0]);
        config.listeners.back().name = "side";
        config.listeners.back().bind = {side_bind};
      }
      break;
    default: config.listeners[0].idle_timeout = chance.between(30s, 60s); break;
  }
}

}  // namespace

void draw_drafts(Chance chance, Scenario& scenario) {
  scenario.every_server = scenario.pool().servers;
  // The reference model of ejection knows the servers of one configuration.
  if (scenario.ejects || !chance.one_in(3)) return;
  for (std::uint64_t i = 0; i < spare_servers; ++i) add_spare(scenario);
  const std::uint64_t count = chance.between(1, 6);
  config::Config config = scenario.config;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (chance.one_in(2)) draw_servers(chance, scenario, config.pools[0]);
    if (chance.one_in(2)) draw_settings(chance, config);
    const Duration after = chance.between(0ns, scenario.span);
    scenario.drafts.push_back({after, config, !chance.one_in(5)});
  }
  // They are read in the order in which they were written.
  std::vector<Duration> times;
  for (const Draft& draft : scenario.drafts) times.push_back(draft.after);
  std::ranges::sort(times);
  for (std::uint64_t i = 0; i < count; ++i) scenario.drafts[i].after = times[i];
}

}  // namespace ringway::sim
