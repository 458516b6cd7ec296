// Who sets states by hand while the router runs, by the entry that the admin address uses,
// and looks whether they hold: through reloads, for as long as the server is the same.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "reload/control.h"
#include "sim/model.h"
#include "sim/scenario.h"
#include "sim/sim_world.h"
#include "worker/shared.h"

namespace ringway::sim {

class Hands final : public Inhabitant {
 public:
  Hands(SimWorld& world, Model& model, const Scenario& scenario, worker::Shared& shared,
        reload::Control& control);
  ~Hands() override { world_.forget(*this); }

  void plan();
  // To be called after each step of control.
  void look();
  // All back to auto; no more states.
  void end();

 private:
  struct Asked {
    std::optional<config::ServerState> state;
    std::string pool;
    std::uint64_t generation;  // Looked at last.
    Instant at;
  };

  void on_news(Fd /*fd*/, News /*news*/) override {}
  void on_alarm(std::uint64_t what) override;
  void set(const pool::Pool& pool, const pool::Server& server,
           std::optional<config::ServerState> state);
  void check(const pool::Server& server, const Asked& asked) const;

  SimWorld& world_;
  Model& model_;
  const Scenario& scenario_;
  worker::Shared& shared_;
  reload::Control& control_;
  bool ended_ = false;
  std::map<std::string, Asked> asked_;  // By the server's address.
};

}  // namespace ringway::sim
