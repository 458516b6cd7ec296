// See reloads.h. What is planned by one configuration and by another may overtake each other
// on two connections: of keys of which that can be true the model knows no more.
#include "sim/reloads.h"

#include <algorithm>

#include "sim/fail.h"
#include "sim/history.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

Reloads::Reloads(SimWorld& world, Model& model, const Scenario& scenario, worker::Shared& shared,
                 reload::Control& control, SimControlEnv& control_world)
    : world_(world),
      model_(model),
      scenario_(scenario),
      shared_(shared),
      control_(control),
      control_world_(control_world),
      pools_{&scenario.pool()} {}

void Reloads::plan() {
  for (std::size_t i = 0; i < scenario_.drafts.size(); ++i) {
    world_.alarm(*this, world_.now() + scenario_.drafts[i].after, i);
  }
}

void Reloads::on_alarm(std::uint64_t what) {
  if (!ended_) begin(scenario_.drafts[what]);
}

void Reloads::begin(const Draft& draft) {
  world_.trace().note(world_.now(), "reload", begun_++, draft.fine ? 1 : 0);
  config::Loaded loaded;
  if (draft.fine) {
    loaded.config = draft.config;
    tell_model(draft.config);
  } else {
    loaded.problems.push_back(
        {{"sim.toml", 1, 1}, "wrong on purpose", "", config::Severity::error});
  }
  control_world_.write(std::move(loaded));
  // Whoever still waits may get this file instead of its own.
  for (Asked& asked : asked_) {
    if (asked.outcome.wait_for(0s) == std::future_status::ready) continue;
    (draft.fine ? asked.may_do : asked.may_fail) = true;
  }
  asked_.push_back({draft.fine, !draft.fine, control_.order_reload(true)});
}

bool Reloads::settled() const {
  if (control_.reloading()) return false;
  for (const Asked& asked : asked_) {
    if (asked.outcome.wait_for(0s) != std::future_status::ready) return false;
  }
  const reload::SharedSnapshot snapshot = control_.snapshot();
  return std::ranges::none_of(snapshot->pools, [&](const auto& pool) {
    return std::ranges::any_of(pool->servers, [&](const pool::Server& server) {
      return shared_.board.standing(server.id) == proxy::Standing::joining;
    });
  });
}

// Then all keys go another way than before.
bool Reloads::other_connections(const config::Pool& pool) const {
  return pool.distribution == "modula" || std::ranges::any_of(pools_, [&](const auto* other) {
           return other->name != pool.name || other->distribution == "modula" ||
                  other->server_connections != pool.server_connections;
         });
}

void Reloads::excuse(const config::Pool& pool) {
  for (const config::Server& server : pool.servers) {
    const std::uint32_t number = scenario_.number_of(server.address);
    // A new server's name may take its time.
    if (has_name(server)) model_.excuse(number, world_.now() + 10s);
    if (server.state != config::ServerState::up) {
      model_.excuse(number, world_.now() + scenario_.faults_end + scenario_.grace);
    }
  }
}

// A key that stays is never anywhere else, but with modula, which counts who is live.
void Reloads::tell_model(const config::Config& config) {
  const config::Pool& pool = config.pools[0];
  for (const config::Pool& any : config.pools) excuse(any);
  const std::vector<std::uint32_t> homes = homes_by_file(scenario_, pool);
  const bool others = other_connections(pool);
  for (KeyIndex key = 0; key < model_.keys(); ++key) {
    if (others || model_.key(key).owner != homes[key]) model_.move(key);
  }
  pools_.push_back(&pool);
  model_.let_servers_go();
}

void Reloads::check() {
  for (Asked& asked : asked_) {
    SIM_REQUIRE(asked.outcome.wait_for(0s) == std::future_status::ready,
                "a reload was never answered");
    const reload::Outcome outcome = asked.outcome.get();
    const bool stopping = outcome.ending == reload::Ending::stopping;
    const bool expected = outcome.good() ? asked.may_do : asked.may_fail;
    SIM_REQUIRE(stopping || expected, "a reload ended with '%s'", outcome.text.c_str());
  }
  asked_.clear();
}

}  // namespace ringway::sim
