// Whether memory is short in this run: a memory_max so small that it is reached, and clients
// that say large values, some of them in halves, and read slowly.
#include <algorithm>

#include "sim/scenario.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t clients_more_max = 12;

void draw_clients(Chance& chance, Scenario& scenario) {
  const bool roomy = scenario.faults.pipe_bytes >= 64 * 1024 &&
                     scenario.config.listeners[0].value_max >= config::MiB;
  const std::uint64_t most = chance.between(70'000, short_memory_value_max);
  static constexpr Duration rests[] = {50ms, 400ms, 3s};
  for (ClientPlan& plan : scenario.clients) {
    if (plan.side) continue;
    plan.broken = 0;  // Half of it might be refused, and is for a key that nobody may hear of.
    plan.keys_max = std::min(plan.keys_max, 8u);
    plan.writes = std::max(plan.writes, chance.one_in(2) ? 0.5 : 0.0);
    if (roomy && !chance.one_in(4)) plan.value_max = static_cast<std::uint32_t>(most);
    plan.large_one_in = static_cast<std::uint32_t>(chance.between(1, 4));
    plan.in_halves = chance.one_in(3);
    // Together they take no longer than other runs do.
    plan.rest_within =
        std::min<Duration>(rests[chance.below(std::size(rests))], Duration(30s) / plan.requests);
    const bool slow = chance.one_in(6);
    if (slow && plan.slow_bytes == 0) {
      plan.slow_bytes = static_cast<std::uint32_t>(chance.between(500, 20'000));
      plan.patience = Duration::zero();
    }
  }
}

}  // namespace

void draw_short_memory(Chance chance, Scenario& scenario) {
  if (!chance.one_in(6)) return;
  scenario.short_of_memory = true;
  scenario.exact = false;  // What is refused is no request.
  const std::uint64_t each = config::MiB << chance.below(4);
  const auto limit = [&](config::Config& config) {
    config.router.memory_max = each * scenario.workers;
    config.router.memory_max_default = false;
    // What is large is on its way for long.
    for (config::Pool& pool : config.pools) pool.timeout = 1000ms;
  };
  limit(scenario.config);
  for (Draft& draft : scenario.drafts) limit(draft.config);
  scenario.io.fit(each);
  const std::size_t first = scenario.clients.size();
  for (std::uint64_t more = chance.below(clients_more_max + 1); more > 0; --more) {
    scenario.clients.push_back(scenario.clients[chance.below(first)]);
  }
  draw_clients(chance, scenario);
}

}  // namespace ringway::sim
