// What is written into the file while the router runs: servers come, go, get other weights
// and states, the pool gets another name, a listener appears and vanishes, timeouts, limits
// and the rules of ejection change; now and then it cannot be read at all. A server may get
// another name, its pool another hash or distribution, and listeners may lead to another pool.
#include <algorithm>

#include "sim/scenario.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

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
  const bool any = std::ranges::count(pool.servers, false, &config::Server::backup) > 0;
  if (!any) pool.servers.insert(pool.servers.begin(), scenario.every_server[0]);
}

void draw_state(Chance& chance, config::Pool& pool) {
  using config::ServerState;
  static constexpr ServerState states[] = {ServerState::up, ServerState::drain,
                                           ServerState::maintenance};
  pool.servers[chance.below(pool.servers.size())].state = states[chance.below(std::size(states))];
}

void draw_times(Chance& chance, const Scenario& scenario, config::Pool& pool) {
  static constexpr Duration timeouts[] = {100ms, 250ms, 500ms, 1000ms};
  // Reads that go to and fro many times must fit into it.
  const bool at_once = scenario.config.listeners[0].keys_per_ask >= 64;
  if (at_once) pool.timeout = timeouts[chance.below(std::size(timeouts))];
  pool.connect_timeout = chance.one_in(2) ? 50ms : 1500ms;
  pool.backoff_max = chance.one_in(2) ? 60ms : 1000ms;
}

void toggle_side(config::Config& config) {
  if (config.listeners.size() > 1) return config.listeners.pop_back();
  config.listeners.push_back(config.listeners[0]);
  config.listeners.back().name = "side";
  config.listeners.back().bind = {side_bind};
}

// What a reload may add.
void add_spare(Scenario& scenario) {
  const std::string number = std::to_string(scenario.servers.size() + 1);
  const bool named = has_name(scenario.pool().servers[0]);
  config::Server server = scenario.pool().servers[0];
  server.address = named ? "mc-" + number + ".sim:11211" : "10.0.0." + number + ":11211";
  server.name = "mc" + number;
  scenario.servers.push_back(*net::Address::parse("10.0.0." + number + ":11211"));
  scenario.every_server.push_back(server);
}

// Nothing that the checks of the run rely on: those are the scenario's.
void draw_settings(Chance& chance, const Scenario& scenario, config::Config& config) {
  config::Pool& pool = config.pools[0];
  switch (chance.below(9)) {
    case 0: pool.server_connections = 3 - pool.server_connections; break;
    case 1: pool.server_idle_timeout = chance.between(20ms, 5s); break;
    case 2:
      pool.name = pool.name == "sim" ? "other" : "sim";
      for (config::Listener& listener : config.listeners) listener.route = pool.name;
      break;
    case 3:
    case 4: toggle_side(config); break;
    case 5: draw_state(chance, pool); break;
    case 6: draw_times(chance, scenario, pool); break;
    case 7:
      if (scenario.ejects) draw_rules(chance, pool);
      break;
    default: config.listeners[0].idle_timeout = chance.between(30s, 60s); break;
  }
}

// When the side listener is taken away first; its clients have some time from then on.
Duration side_ends(const Scenario& scenario) {
  bool there = false;
  for (const Draft& draft : scenario.drafts) {
    if (!draft.fine) continue;
    if (there && draft.config.listeners.size() < 2) return draft.after;
    there = draft.config.listeners.size() > 1;
  }
  return never.time_since_epoch() / 4;
}

// Clients of the side listener: they come while it may be there.
void draw_side_clients(Chance& chance, Scenario& scenario) {
  const Instant end{side_ends(scenario) + scenario.config.router.drain_timeout};
  for (const Draft& draft : scenario.drafts) {
    if (!draft.fine || draft.config.listeners.size() < 2) continue;
    for (std::uint64_t count = chance.between(1, 2); count > 0; --count) {
      ClientPlan plan = scenario.clients[chance.below(scenario.clients.size())];
      plan.address = *net::Address::parse(side_bind);
      plan.begin = Instant(draft.after + chance.between(0ms, 50ms));
      plan.side = true;
      plan.dismissed_from = end;
      scenario.exact = false;
      plan.half_close = plan.quits = false;
      // Still asking when it is told to leave.
      const Duration busy = scenario.span + scenario.config.router.drain_timeout;
      plan.gap_us = static_cast<std::uint32_t>(2 * busy / 1us / plan.requests);
      plan.noreply = plan.quiet = 0;
      plan.in_halves = true;
      scenario.clients.push_back(plan);
    }
  }
}

// The last one is right and lets all servers serve, or the calm would be none.
void end_well(Scenario& scenario) {
  Draft& last = scenario.drafts.back();
  last.fine = true;
  for (config::Server& server : last.config.pools[0].servers) {
    server.state = config::ServerState::up;
  }
}

// Each as it is from some draft on.
template <typename Change>
void change_from(Chance& chance, Scenario& scenario, Change change) {
  std::size_t from = chance.below(scenario.drafts.size());
  for (; from < scenario.drafts.size(); ++from) change(scenario.drafts[from].config.pools[0]);
}

}  // namespace

void draw_drafts(Chance chance, Scenario& scenario) {
  scenario.every_server = scenario.pool().servers;
  if (!chance.one_in(2)) return;
  for (std::uint64_t i = 0; i < spare_servers; ++i) add_spare(scenario);
  const std::uint64_t count = chance.between(1, 6);
  config::Config config = scenario.config;
  std::vector<Duration> times;
  for (std::uint64_t i = 0; i < count; ++i) times.push_back(chance.between(0ns, scenario.span));
  // They are read in the order in which they were written.
  std::ranges::sort(times);
  for (const Duration after : times) {
    if (chance.one_in(2)) draw_servers(chance, scenario, config.pools[0]);
    if (chance.one_in(2)) draw_settings(chance, scenario, config);
    if (chance.one_in(4)) draw_settings(chance, scenario, config);
    scenario.drafts.push_back({after, config, !chance.one_in(5)});
  }
  end_well(scenario);
  draw_side_clients(chance, scenario);
}

void draw_other_rings(Chance chance, Scenario& scenario) {
  if (scenario.drafts.empty()) return;
  if (chance.one_in(3)) {
    const std::size_t which = chance.below(scenario.every_server.size());
    const std::string& address = scenario.every_server[which].address;
    change_from(chance, scenario, [&](config::Pool& pool) {
      for (config::Server& server : pool.servers) {
        if (server.address == address) server.name = "renamed";
      }
    });
  }
  if (chance.one_in(4)) {
    static constexpr const char* hashes[] = {"md5", "fnv1a_64", "murmur", "crc32a"};
    const char* hash = hashes[chance.below(std::size(hashes))];
    change_from(chance, scenario, [&](config::Pool& pool) { pool.hash = hash; });
  }
  if (chance.one_in(4)) {
    static constexpr const char* distributions[] = {"ring", "ketama", "modula"};
    const char* to = distributions[chance.below(std::size(distributions))];
    change_from(chance, scenario, [&](config::Pool& pool) { pool.distribution = to; });
  }
}

namespace {

config::Pool second_pool(Chance& chance, const config::Pool& like) {
  config::Pool pool = like;
  pool.name = "second";
  auto owners = std::ranges::count(pool.servers, false, &config::Server::backup);
  std::erase_if(pool.servers, [&](const config::Server& server) {
    const bool last = !server.backup && owners == 1;
    if (last || !chance.one_in(3)) return false;
    owners -= server.backup ? 0 : 1;
    return true;
  });
  for (config::Server& server : pool.servers) server.state = config::ServerState::up;
  return pool;
}

void lead_to_second(config::Config& config, bool side_stays) {
  std::swap(config.pools[0], config.pools[1]);
  for (config::Listener& listener : config.listeners) {
    if (!side_stays || listener.name != "side") listener.route = config.pools[0].name;
  }
}

}  // namespace

void draw_second_pool(Chance chance, Scenario& scenario) {
  if (scenario.drafts.empty() || !chance.one_in(4)) return;
  const std::size_t from = chance.below(scenario.drafts.size());
  const config::Pool second = second_pool(chance, scenario.drafts[from].config.pools[0]);
  const bool side_stays = chance.one_in(2);
  for (std::size_t i = from; i < scenario.drafts.size(); ++i) {
    config::Config& config = scenario.drafts[i].config;
    config.pools.push_back(second);
    if (chance.one_in(2)) lead_to_second(config, side_stays);
  }
}

}  // namespace ringway::sim
