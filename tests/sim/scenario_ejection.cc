// Whether servers are ejected in this run, by which rules, and who stands in for them.
#include <algorithm>

#include "sim/scenario.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;
using config::EjectMode;

template <typename Value>
Value one_of(Chance& chance, std::initializer_list<Value> choices) {
  return choices.begin()[chance.below(choices.size())];
}

}  // namespace

void draw_rules(Chance& chance, config::Pool& pool) {
  config::Eject& eject = pool.eject;
  eject.failures = static_cast<std::uint32_t>(chance.between(1, 4));
  eject.window = one_of<Duration>(chance, {1s, 10s});
  eject.mode = one_of(chance, {EjectMode::error, EjectMode::rehash, EjectMode::backup});
  eject.then = one_of(chance, {EjectMode::error, EjectMode::rehash});
  eject.retry_after = one_of<Duration>(chance, {10ms, 1s, 5s});
  eject.retry_max = 20s;
  eject.max_ejected = one_of(chance, {0.25, 0.5, 1.0});
  eject.ttl_max = one_of<Duration>(chance, {1s, 300s});
  pool.health.interval = one_of<Duration>(chance, {100ms, 1s, 5s});
  pool.health.timeout = one_of<Duration>(chance, {50ms, 1s});
  pool.health.fall = static_cast<std::uint32_t>(chance.between(1, 3));
  pool.health.rise = static_cast<std::uint32_t>(chance.between(1, 3));
}

namespace {

void add_backup(Scenario& scenario, std::uint64_t number) {
  const std::string address = "10.0.1." + std::to_string(number) + ":11211";
  config::Server server;
  server.address = address;
  server.name = "spare" + std::to_string(number);
  server.name_given = true;
  server.backup = true;
  scenario.config.pools[0].servers.push_back(server);
  scenario.servers.push_back(*net::Address::parse(address));
}

// Mostly by rules that no server breaks: what is given up is owed only where there are some. A
// name that leads nowhere takes its server out by any rule.
void draw_no_ejection(Chance& chance, Scenario& scenario) {
  config::Pool& pool = scenario.config.pools[0];
  if (chance.one_in(4) || std::ranges::any_of(pool.servers, has_name)) return;
  pool.eject.failures = 1'000'000;
  pool.health.fall = 1'000'000;
}

}  // namespace

void draw_ejection(Chance chance, Scenario& scenario) {
  config::Pool& pool = scenario.config.pools[0];
  pool.eject.failures = 0;
  if (!chance.one_in(3)) return draw_no_ejection(chance, scenario);
  scenario.ejects = true;
  draw_rules(chance, pool);
  if (pool.eject.mode != EjectMode::backup) return;
  for (std::uint64_t number = 1 + chance.below(2); number > 0; --number) {
    add_backup(scenario, number);
  }
}

void draw_memory(Chance chance, Scenario& scenario) {
  if (!scenario.ejects) return;
  const bool keeps = chance.one_in(4);
  const bool always = chance.one_in(2);  // As in the first configuration, so in all.
  const std::uint64_t most = one_of<std::uint64_t>(chance, {1, 300, 2000, 16 * config::MiB});
  const auto draw = [&](config::Eject& eject) {
    const bool keep = keeps && (always || chance.one_in(2));
    eject.on_readmit = keep ? config::OnReadmit::keep : config::OnReadmit::replay;
    eject.owed_max = most;
    scenario.keeps |= keep;
  };
  draw(scenario.config.pools[0].eject);
  for (Draft& draft : scenario.drafts) draw(draft.config.pools[0].eject);
}

// Writes that fail are told as not stored in a third of the seeds.
void draw_unstored(Chance chance, Scenario& scenario) {
  using config::OnWriteError;
  if (!chance.one_in(3)) return;
  scenario.config.pools[0].on_write_error = OnWriteError::not_stored;
  for (Draft& draft : scenario.drafts) {
    const bool told = chance.one_in(2);
    draft.config.pools[0].on_write_error = told ? OnWriteError::error : OnWriteError::not_stored;
  }
}

void draw_misses(Chance chance, Scenario& scenario) {
  using config::OnReadError;
  draw_unstored(Chance(chance).fork(), scenario);  // What comes after stays as it was.
  if (!chance.one_in(3)) return;
  const bool always = chance.one_in(2);
  scenario.config.pools[0].on_read_error = OnReadError::miss;
  for (Draft& draft : scenario.drafts) {
    const bool miss = always || chance.one_in(2);
    draft.config.pools[0].on_read_error = miss ? OnReadError::miss : OnReadError::error;
  }
}

void draw_checks(Chance chance, Scenario& scenario) {
  using config::Check;
  if (!chance.one_in(3)) return;
  const Check first = one_of(chance, {Check::tcp, Check::off});
  const bool always = chance.one_in(2);
  scenario.config.pools[0].health.check = first;
  for (Draft& draft : scenario.drafts) {
    draft.config.pools[0].health.check =
        always ? first : one_of(chance, {Check::automatic, Check::tcp, Check::off});
  }
}

}  // namespace ringway::sim
