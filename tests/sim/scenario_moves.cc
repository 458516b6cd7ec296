// What changes around servers while the router runs, and is no trouble of theirs: states
// that somebody sets by hand, and names that lead to another address or to none.
#include <algorithm>

#include "sim/scenario.h"

namespace ringway::sim {

using namespace std::chrono_literals;

bool has_name(const config::Server& server) {
  return server.address.starts_with("mc-");
}

// At the end of the storm all are set back to auto.
void draw_hands(Chance chance, Scenario& scenario) {
  if (!chance.one_in(5)) return;
  using config::ServerState;
  static constexpr std::optional<ServerState> states[] = {
      ServerState::drain, ServerState::drain, ServerState::maintenance, ServerState::up, {}};
  for (std::uint64_t count = chance.between(1, 8); count > 0; --count) {
    const auto server = static_cast<std::uint32_t>(chance.below(scenario.servers.size()));
    scenario.hands.push_back(
        {chance.between(0ns, scenario.span), server, states[chance.below(std::size(states))]});
  }
  std::ranges::sort(scenario.hands, {}, &HandState::after);
}

// Each name moves once at most. Names that lead nowhere are lost after the third answer of
// that kind, so it takes its time.
void draw_moves(Chance chance, Scenario& scenario) {
  const Faults& faults = scenario.faults;
  const Duration refresh = chance.between(100ms, 5s);
  for (std::uint32_t i = 0; i < scenario.servers.size(); ++i) {
    if (!has_name(scenario.every_server[i])) continue;
    if (chance.with(faults.server_move)) {
      const auto to = net::Address::parse("10.0.2." + std::to_string(i + 1) + ":11211");
      scenario.moves.push_back({chance.between(0ns, scenario.span), i, *to, chance.one_in(2), {}});
    }
    if (chance.with(faults.server_nameless)) {
      const Duration time = chance.one_in(2) ? 2s : 25s;
      const Duration after = chance.between(0ns, scenario.span);
      scenario.moves.push_back({after, i, {}, false, time});
      scenario.faults_end = std::max(scenario.faults_end, after + time);
    }
  }
  if (scenario.moves.empty()) return;
  scenario.config.pools[0].dns_refresh = refresh;
  for (Draft& draft : scenario.drafts) draft.config.pools[0].dns_refresh = refresh;
}

}  // namespace ringway::sim
