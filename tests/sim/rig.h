// One seed, one run: the whole router (control and workers) on the simulated
// world, driven on this one thread. Whoever has something to do first goes first;
// when nobody has, time jumps to the next event or deadline.
//
//   storm: clients work, faults strike -> calm: all is well again within `grace`
//   -> rest: nothing is in flight, lent or open -> stop: everything comes home
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "reload/control.h"
#include "sim/control_env.h"
#include "sim/eject_model.h"
#include "sim/fake_client.h"
#include "sim/fake_server.h"
#include "sim/hands.h"
#include "sim/history.h"
#include "sim/last_words.h"
#include "sim/moves.h"
#include "sim/reloads.h"
#include "sim/scenario.h"
#include "sim/sim_io.h"
#include "worker/worker.h"

namespace ringway::sim {

struct Outcome {
  std::uint64_t trace_hash = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t turns = 0;
  std::uint32_t reloads = 0;
};

class Rig {
 public:
  Rig(std::uint64_t seed, bool text);
  ~Rig();
  Outcome run();

 private:
  struct Seat {
    std::unique_ptr<SimIo> io;
    std::unique_ptr<worker::Worker> worker;
    Instant busy_until{};
  };

  void build_model();
  void build_router();
  void note_history();
  std::uint32_t member_count() const;
  std::uint64_t forgotten(std::uint32_t server) const;
  void build_servers();

  void storm();
  void calm();
  void calm_round(std::uint32_t clients);
  void read_all();
  void ask_and_leave(ClientPlan plan, std::uint32_t count);
  void rest();
  void last_words();
  void stop();

  bool step(Instant limit);
  void run_until(Instant limit, const char* what, const std::function<bool()>& there);
  void run_for(Duration time);
  bool clients_done() const;
  void turn(Seat& seat);
  void stand_still();
  void note_stall(Duration time);
  bool nobody_wrong() const;
  void step_control();
  void stop_early();

  void describe();
  void check_turn(worker::Worker& worker);
  void check_lent(worker::Worker& worker);
  void check_nobody_waits_for_memory();
  void check_all_up();
  void check_dismissed();
  void check_rest();
  std::size_t router_connections();
  std::size_t server_connections() const;
  void check_reloaded();
  void check_counters();
  void check_memory() const;
  void check_stopped();
  void check_gauges(const config::Pool& pool) const;

  Trace trace_;
  Scenario scenario_;
  Chance chance_;
  Model model_;
  std::optional<EjectModel> eject_model_;
  std::optional<History> history_;
  SimWorld world_;
  std::vector<Seat> seats_;
  std::vector<net::Io*> ios_;
  std::unique_ptr<worker::Shared> shared_;
  std::optional<SimControlEnv> control_world_;
  std::unique_ptr<reload::Control> control_;
  std::optional<Reloads> reloads_;
  std::optional<Hands> hands_;
  std::optional<Moves> moves_;
  std::vector<std::unique_ptr<FakeServer>> servers_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
  std::unique_ptr<LastWords> last_words_;
  Instant start_{};
  Instant control_busy_until_{};
  Instant unclear_until_{};  // Who is to blame for what comes late.
  std::uint64_t last_said_ = 0;
  std::uint64_t touches_before_ = 0;
  std::uint64_t turns_ = 0;
  bool stopping_ = false;
};

}  // namespace ringway::sim
