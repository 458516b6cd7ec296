// See reloads.h. While a reload is under way a key may be with its old owner, with its new
// one, or with whoever has the new one's keys while that one is joining.
#include "sim/reloads.h"

#include <algorithm>

#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"
#include "ringway/ring/key_hash.h"

#include "sim/fail.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t look_alarm = ~std::uint64_t{0};
constexpr Duration look_again = 5ms;

}  // namespace

Reloads::Reloads(SimWorld& world, Model& model, const Scenario& scenario, worker::Crew& crew,
                 reload::Control& control, ControlWorld& control_world)
    : world_(world),
      model_(model),
      scenario_(scenario),
      crew_(crew),
      control_(control),
      control_world_(control_world),
      start_(world.now()) {}

void Reloads::plan() {
  for (std::size_t i = 0; i < scenario_.drafts.size(); ++i) {
    world_.alarm(*this, world_.now() + scenario_.drafts[i].after, i);
  }
}

void Reloads::on_alarm(std::uint64_t what) {
  if (what == look_alarm) return look();
  if (!ended_) begin(scenario_.drafts[what]);
}

void Reloads::begin(const Draft& draft) {
  world_.trace().note(world_.now(), "reload", begun_++, draft.fine ? 1 : 0);
  config::Loaded loaded;
  if (draft.fine) {
    loaded.config = draft.config;
  } else {
    loaded.problems.push_back(
        {{"sim.toml", 1, 1}, "wrong on purpose", "", config::Severity::error});
  }
  control_world_.write(std::move(loaded));
  asked_.push_back({draft.fine, control_.order_reload(true)});
  if (draft.fine) {
    // A new server's name may take its time.
    for (std::uint32_t i = 0; i < scenario_.servers.size(); ++i) {
      if (scenario_.every_server[i].address.starts_with("mc-")) {
        model_.excuse(i, world_.now() + 10s);
      }
    }
  }
  if (draft.fine) tell_model(draft.config, false, never);
  if (!std::exchange(moving_, true)) world_.alarm(*this, world_.now() + look_again, look_alarm);
  control_.step();
}

// What was planned before may come late: it waits for a connection, in a queue, or in front
// of a server that hangs until it is well again.
void Reloads::look() {
  if (ended_) return;
  if (!everybody_there()) return world_.alarm(*this, world_.now() + look_again, look_alarm);
  moving_ = false;
  const config::Pool& pool = scenario_.pool();
  const Instant well = std::max(world_.now(), start_ + scenario_.faults_end);
  const Duration late = *pool.timeout + pool.connect_timeout + 2 * pool.backoff_max;
  // Of several that were written at once the last one counts.
  tell_model(*control_.present().written, true, well + late + scenario_.stall_max() + 100ms);
}

bool Reloads::everybody_there() const {
  const reload::SharedSnapshot snapshot = control_.snapshot();
  if (control_.reloading()) return false;
  for (const Asked& asked : asked_) {
    if (asked.outcome.valid() && asked.outcome.wait_for(0s) != std::future_status::ready) {
      return false;
    }
  }
  for (const auto& pool : snapshot->pools) {
    for (const pool::Server& server : pool->servers) {
      if (crew_.board.standing(server.id) != proxy::Standing::up) return false;
    }
  }
  return true;
}

// Then what is under way on the old connection may be overtaken on the new one.
bool Reloads::other_connections(const config::Pool& pool) const {
  const config::Pool& present = control_.present().written->pools[0];
  return moving_ || pool.name != present.name ||
         pool.server_connections != present.server_connections;
}

// A key that stays is never anywhere else, but with modula, which counts who is live.
void Reloads::tell_model(const config::Config& config, bool over, Instant settled) {
  const config::Pool& pool = config.pools[0];
  std::vector<ring::Member> members;
  std::uint64_t added = 0;
  for (const config::Server& server : pool.servers) {
    members.push_back({server.name, server.weight});
    added |= std::uint64_t{1} << scenario_.number_of(server.name);
  }
  const auto distribution = ring::find(pool.distribution)->build(members);
  const hash::HashFunction& function = *hash::find(pool.hash);
  const ring::LiveSet all(static_cast<std::uint32_t>(members.size()));
  for (KeyIndex key = 0; key < model_.keys(); ++key) {
    const auto picked = distribution->pick(ring::key_hash(function, {}, model_.key(key).text), all);
    const std::uint32_t owner = scenario_.number_of(members[*picked].name);
    if (over) {
      model_.end_move(key, owner, settled);
    } else if (model_.key(key).owner != owner || model_.moving(key, world_.now()) ||
               pool.distribution == "modula" || other_connections(pool)) {
      model_.begin_move(key, added, world_.now());
    }
  }
}

void Reloads::check() {
  for (Asked& asked : asked_) {
    SIM_REQUIRE(asked.outcome.wait_for(0s) == std::future_status::ready,
                "a reload was never answered");
    const reload::Outcome outcome = asked.outcome.get();
    const bool stopping = outcome.ending == reload::Ending::stopping;
    // It may have read what was written after it.
    const bool other =
        std::ranges::any_of(asked_, [&](const Asked& a) { return a.fine != asked.fine; });
    SIM_REQUIRE(stopping || other || outcome.good() == asked.fine, "a reload ended with '%s'",
                outcome.text.c_str());
  }
  asked_.clear();
}

}  // namespace ringway::sim
