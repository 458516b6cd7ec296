// Control: starts traffic, lets reloads go on, and brings the process to its end.
// Single-threaded; step() is called now and then by main's thread, or by the simulator.
//
//   start -> running -> stop asked -> drain_delay -> listeners closed
//         -> clients finished within drain_timeout -> workers stopped -> over
//
// Each of these waits is bounded, and a second ask_stop ends them all.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "ringway/config/load.h"

#include "names/names.h"
#include "reload/control_env.h"
#include "reload/in_force.h"
#include "reload/listeners.h"
#include "reload/reloading.h"
#include "reload/states.h"
#include "worker/shared.h"

namespace ringway::reload {

enum class Phase : std::uint8_t { starting, running, delaying, closing, draining, stopping, over };

class Control {
 public:
  // With a drain_delay, the share of drain_timeout over which clients are asked to leave;
  // the rest is for the last ones to get their replies.
  static constexpr double drain_share = 0.8;

  // So long a start waits for the first answers of name servers before it is ready.
  static constexpr Duration name_patience = std::chrono::seconds(5);

  // At the end, for workers to do what they are told and for a reload that is being prepared;
  // and if somebody has asked twice. It was none unless it was looked so often.
  static constexpr Duration patience = std::chrono::seconds(2);
  static constexpr Duration hurried_patience = std::chrono::milliseconds(100);
  static constexpr std::uint32_t looks_for_patience = 50;
  // While something of the end is under way.
  static constexpr Duration look_min = std::chrono::milliseconds(1);
  static constexpr Duration look_max = std::chrono::milliseconds(10);

  // `written` as it was loaded, when its content had this hash.
  Control(config::Config written, worker::Shared& shared, ControlEnv& env,
          std::uint64_t content = 0);

  // Opens all listeners or none, and sets the workers going.
  Result<void> start();
  // Does what is due; call it again at next().
  void step();
  Instant next() const { return next_; }

  // Any thread. The outcome comes when every worker behaves by the new configuration, or
  // when it is clear that none will.
  std::future<Outcome> order_reload(bool accept_moved) { return reloading_.order(accept_moved); }
  bool reloading() const { return reloading_.under_way(); }
  std::int64_t applies_at() const { return reloading_.applies_at(); }
  std::uint64_t reloads_begun() const { return reloading_.begun(); }

  // By hand, as states.h has it. Any thread.
  void set_state(const std::string& pool, const pool::Server& server,
                 std::optional<config::ServerState> state) {
    states_.set_by_hand(pool, server, state, env_.now());
  }

  // SIGTERM: begins the orderly end.
  void ask_stop();
  // A second one: no more patience.
  void ask_stop_now();

  // Any thread.
  Phase phase() const { return phase_; }
  bool over() const { return phase_ == Phase::over; }
  // Once over: some worker was not waited for.
  bool stuck() const { return stuck_; }
  bool ready() const { return phase_ == Phase::running; }
  // Each name of a server has been answered since the start, or name_patience is over.
  bool names_known() const { return names_known_; }
  InForce present() const { return published_.get(); }
  Account account() const { return published_.account(); }
  SharedSnapshot snapshot() const { return published_.get().snapshot; }

 private:
  Opened open_first();
  void end_traffic();
  void begin_drain();
  void end_workers();
  void enter(Phase phase, Duration at_most);
  bool out_of_patience() const;
  Instant next_look() const;
  void look_at_names();

  worker::Shared& shared_;
  ControlEnv& env_;
  const std::uint64_t content_;
  ListenerPlan first_listeners_;  // Until start().
  Published published_;
  Listeners listeners_;
  States states_;
  Names names_;
  Reloading reloading_;
  std::atomic<Phase> phase_ = Phase::starting;  // Read by whoever asks for readiness.
  Instant phase_begun_{};
  std::atomic<bool> names_known_ = false;
  Instant names_known_at_most_ = never;
  Instant phase_ends_ = never;
  std::uint32_t looks_ = 0;  // In this phase.
  bool hurried_ = false;
  bool stuck_ = false;
  Instant next_ = never;
};

}  // namespace ringway::reload
