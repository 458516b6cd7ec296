// Names that lead to another address from some time on, while the server at the old one
// dies or lives on, and names that for a while do not exist.
#pragma once

#include <functional>

#include "sim/control_env.h"
#include "sim/fake_server.h"
#include "sim/model.h"
#include "sim/scenario.h"
#include "sim/sim_world.h"

namespace ringway::sim {

class Moves final : public Inhabitant {
 public:
  // `server`: who is at home at the old address.
  Moves(SimWorld& world, Model& model, const Scenario& scenario, SimControlEnv& control_world,
        std::function<FakeServer&(std::uint32_t)> server)
      : world_(world),
        model_(model),
        scenario_(scenario),
        control_world_(control_world),
        server_(std::move(server)) {}
  ~Moves() override { world_.forget(*this); }

  void plan() {
    for (std::size_t i = 0; i < scenario_.moves.size(); ++i) {
      const Move& move = scenario_.moves[i];
      world_.alarm(*this, world_.now() + move.after, 2 * i);
      if (!move.to) world_.alarm(*this, world_.now() + move.after + move.nowhere, 2 * i + 1);
    }
  }
  // All names lead somewhere.
  void end() {
    ended_ = true;
    control_world_.find_all_names();
  }

 private:
  void on_news(Fd /*fd*/, News /*news*/) override {}

  void on_alarm(std::uint64_t what) override {
    if (ended_) return;
    const Move& move = scenario_.moves[what / 2];
    const std::string& name = scenario_.every_server[move.server].address;
    if (what % 2 == 1) return control_world_.find_name(name);
    world_.trace().note(world_.now(), "name moves", move.server, move.to ? 1 : 0);
    // Until it is found out, and everybody is at the new place.
    const Duration found_out = std::chrono::seconds(20) + scenario_.grace;
    model_.excuse(move.server, world_.now() + scenario_.faults_end + found_out);
    if (!move.to) return control_world_.lose_name(name);
    model_.move_all_of(move.server);
    control_world_.name(name, *move.to);
    if (move.old_dies) server_(move.server).go();
  }

  SimWorld& world_;
  Model& model_;
  const Scenario& scenario_;
  SimControlEnv& control_world_;
  std::function<FakeServer&(std::uint32_t)> server_;
  bool ended_ = false;
};

}  // namespace ringway::sim
