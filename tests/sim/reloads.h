// Reloads in mid-traffic: what each writes, when it is asked for, and how long it may take
// until every key is where the new configuration says. Tells the model which servers may
// have a key meanwhile.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "reload/control.h"
#include "sim/control_world.h"
#include "sim/model.h"
#include "sim/scenario.h"
#include "sim/sim_world.h"
#include "worker/crew.h"

namespace ringway::sim {

class Reloads final : public Inhabitant {
 public:
  Reloads(SimWorld& world, Model& model, const Scenario& scenario, worker::Crew& crew,
          reload::Control& control, ControlWorld& control_world);
  ~Reloads() override { world_.forget(*this); }

  // The nth draft of the scenario, so long after the start.
  void plan();
  // No more begin; looks on until the last is over.
  void end() { ended_ = true; }
  // Every worker behaves by the last one, and new servers have their keys.
  bool settled() const { return !moving_; }
  // Each was answered, and well if its file was fine.
  void check();
  bool any() const { return begun_ > 0; }

 private:
  struct Asked {
    bool fine;
    std::future<reload::Outcome> outcome;
  };

  void on_news(Fd /*fd*/, News /*news*/) override {}
  void on_alarm(std::uint64_t what) override;
  void begin(const Draft& draft);
  void look();
  bool everybody_there() const;
  bool other_connections(const config::Pool& pool) const;
  void tell_model(const config::Config& config, bool over, Instant settled);

  SimWorld& world_;
  Model& model_;
  const Scenario& scenario_;
  worker::Crew& crew_;
  reload::Control& control_;
  ControlWorld& control_world_;
  const Instant start_;
  std::vector<Asked> asked_;
  std::uint32_t begun_ = 0;
  bool moving_ = false;
  bool ended_ = false;
};

}  // namespace ringway::sim
