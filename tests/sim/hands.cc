// See hands.h. A server that a reload takes out, or whose pool it renames, is another one
// when it is back, unless it comes back too soon: of those nothing is expected any more.
#include "sim/hands.h"

#include "sim/fail.h"

namespace ringway::sim {

using config::ServerState;
using proxy::Standing;

Hands::Hands(SimWorld& world, Model& model, const Scenario& scenario, worker::Shared& shared,
             reload::Control& control)
    : world_(world), model_(model), scenario_(scenario), shared_(shared), control_(control) {}

void Hands::plan() {
  for (std::size_t i = 0; i < scenario_.hands.size(); ++i) {
    world_.alarm(*this, world_.now() + scenario_.hands[i].after, i);
  }
}

void Hands::on_alarm(std::uint64_t what) {
  if (ended_ || control_.phase() != reload::Phase::running) return;
  const HandState& hand = scenario_.hands[what];
  const pool::Pool& pool = *control_.snapshot()->pools[0];
  for (const pool::Server& server : pool.servers) {
    const bool meant = server.address == scenario_.every_server[hand.server].address;
    if (meant) set(pool, server, hand.state);
  }
}

void Hands::set(const pool::Pool& pool, const pool::Server& server,
                std::optional<ServerState> state) {
  const std::uint32_t number = scenario_.number_of(server.address);
  world_.trace().note(world_.now(), "by hand", number, state ? static_cast<int>(*state) : -1);
  model_.excuse(number, world_.now() + scenario_.faults_end + scenario_.grace);
  control_.set_state(pool.name(), server, state);
  asked_[server.address] = {state, pool.name(), control_.snapshot()->generation, world_.now()};
}

void Hands::look() {
  if (asked_.empty()) return;
  const reload::SharedSnapshot snapshot = control_.snapshot();
  const pool::Pool& pool = *snapshot->pools[0];
  for (auto at = asked_.begin(); at != asked_.end();) {
    Asked& asked = at->second;
    const auto server = std::ranges::find(pool.servers, at->first, &pool::Server::address);
    const bool known = asked.pool == pool.name() && server != pool.servers.end() &&
                       snapshot->generation - asked.generation <= 1;
    if (!known) {
      at = asked_.erase(at);
      continue;
    }
    asked.generation = snapshot->generation;
    check(*server, asked);
    ++at;
  }
}

// The home worker does it in its next turn.
void Hands::check(const pool::Server& server, const Asked& asked) const {
  SIM_REQUIRE(shared_.board.hand_state(server.id) == asked.state,
              "server %s has lost the state that was set by hand", server.name.c_str());
  const Duration soon = std::chrono::seconds(1) + 4 * scenario_.stall_max();
  if (!asked.state || world_.now() - asked.at < soon) return;
  const Standing standing = shared_.board.standing(server.id);
  // What never had keys needs no drain: it just does not get them.
  if (standing == Standing::joining) return;
  const bool drained = standing == Standing::drained;
  const bool maintained = standing == Standing::maintenance;
  SIM_REQUIRE(drained == (asked.state == ServerState::drain) || *asked.state == ServerState::up,
              "server %s: the state set by hand is not obeyed", server.name.c_str());
  SIM_REQUIRE(
      maintained == (asked.state == ServerState::maintenance) || *asked.state == ServerState::up,
      "server %s: the state set by hand is not obeyed", server.name.c_str());
}

void Hands::end() {
  ended_ = true;
  asked_.clear();
  const reload::SharedSnapshot snapshot = control_.snapshot();
  for (const auto& pool : snapshot->pools) {
    for (const pool::Server& server : pool->servers) {
      if (!shared_.board.hand_state(server.id)) continue;
      model_.excuse(scenario_.number_of(server.address), world_.now() + scenario_.grace);
      control_.set_state(pool->name(), server, std::nullopt);
    }
  }
}

}  // namespace ringway::sim
