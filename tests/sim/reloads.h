// Reloads in mid-traffic: what each writes, and when it is asked for. Tells the model which
// keys change hands.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "reload/control.h"
#include "sim/control_env.h"
#include "sim/model.h"
#include "sim/scenario.h"
#include "sim/sim_world.h"
#include "worker/shared.h"

namespace ringway::sim {

class Reloads final : public Inhabitant {
 public:
  Reloads(SimWorld& world, Model& model, const Scenario& scenario, worker::Shared& shared,
          reload::Control& control, SimControlEnv& control_world);
  ~Reloads() override { world_.forget(*this); }

  // The nth draft of the scenario, so long after the start.
  void plan();
  // No more begin; looks on until the last is over.
  void end() { ended_ = true; }
  // Every worker behaves by the last one, and nobody is still to join.
  bool settled() const;
  // Each was answered, as one of the files deserves that were there until then.
  void check();
  std::uint32_t begun() const { return begun_; }

 private:
  struct Asked {
    bool may_do;    // Some file that it may have read is fine,
    bool may_fail;  // or is not.
    std::future<reload::Outcome> outcome;
  };

  void on_news(Fd /*fd*/, News /*news*/) override {}
  void on_alarm(std::uint64_t what) override;
  void begin(const Draft& draft);
  bool other_connections(const config::Pool& pool) const;
  void excuse(const config::Pool& pool);
  void tell_model(const config::Config& config);

  SimWorld& world_;
  Model& model_;
  const Scenario& scenario_;
  worker::Shared& shared_;
  reload::Control& control_;
  SimControlEnv& control_world_;
  std::vector<Asked> asked_;
  std::vector<const config::Pool*> pools_;  // That are or may be in force.
  std::uint32_t begun_ = 0;
  bool ended_ = false;
};

}  // namespace ringway::sim
