// Which servers may be asked for a key, and how long: every configuration that was in
// force, with every set of servers that was there meanwhile. What was planned by one of
// them may reach a server some time after its end, and not later.
#pragma once

#include <cstdint>
#include <vector>

#include "board/board_watcher.h"
#include "reload/in_force.h"
#include "sim/scenario.h"
#include "worker/shared.h"

namespace ringway::sim {

// Whose each key is when all are there: made once more from what is written in the file.
std::vector<std::uint32_t> homes_by_file(const Scenario& scenario, const config::Pool& pool);

class History final : public proxy::BoardWatcher {
 public:
  History(const Scenario& scenario, const worker::Shared& shared);

  // To be called after each turn of a worker, and each step of control. False if nothing
  // is new.
  bool note(const reload::SharedSnapshot& present, Instant now);
  // Within a turn, too: a snapshot may come between two servers that go.
  void on_standing(pool::ServerId server, proxy::Standing before, proxy::Standing after) override;
  void on_failure(pool::ServerId /*id*/, Instant /*begun*/, Instant /*now*/) override {}
  void on_unable(pool::ServerId /*id*/, Instant /*begun*/, Instant /*now*/) override {}
  void on_success(pool::ServerId /*id*/) override {}
  void on_probe(pool::ServerId /*id*/, bool /*good*/, bool /*heard*/) override {}
  // Until then what a server is asked may have been planned at any time.
  void set_calm(Instant at) { calm_at_ = at; }

  // It did not take all its keys: it was out, or held. By its number in the scenario.
  bool ever_away(std::uint32_t server) const { return away_[server]; }
  // Keys by their number in the scenario.
  bool may_serve(std::uint32_t key, std::uint32_t server, Instant now) const;
  bool may_remove(std::uint32_t key, std::uint32_t server) const;
  // Whether nobody took traffic at some time since then, and all the time.
  Model::Service service(Instant since) const;

 private:
  // By key, servers as bits. Of a snapshot nothing is kept: the router waits until nobody
  // looks at it any more.
  struct Moment {
    Instant until = never;
    std::vector<std::uint64_t> servers;  // Who may be asked,
    std::vector<std::uint64_t> homes;    // and whose it is.
    bool any_served = false;             // Some pool that a listener leads to has somebody,
    bool any_out = false;                // and some has not.
  };

  bool changed(const reload::SharedSnapshot& present);
  static void check_same(const snapshot::Snapshot& before, const snapshot::Snapshot& after);
  static void check_routes(const snapshot::Snapshot& snapshot);
  void check_homes(const snapshot::Snapshot& snapshot) const;
  void add(const reload::SharedSnapshot& snapshot);
  void add_pool(const pool::Pool& pool, Moment& moment) const;

  const Scenario& scenario_;
  const worker::Shared& shared_;
  const Duration late_;
  Instant calm_at_ = never;
  std::uint64_t version_ = 0;
  std::uint64_t behind_ = 0;  // The oldest generation that a worker behaves by.
  std::vector<reload::SharedSnapshot> in_force_;
  std::vector<Moment> moments_;
  std::vector<bool> away_;
};

}  // namespace ringway::sim
