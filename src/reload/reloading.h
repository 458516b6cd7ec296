// One reload after another, from being asked for to every worker behaving by it.
// Single-threaded but for order(); step() never waits.
//
//   idle --order--> preparing --wrong, refused, unchanged--> idle
//                       |--apply_at--> idle, with a candidate that waits
//                       `--> locating --names are known, or 2 s--> switching
//   switching --every worker runs it, old sockets are closed--> idle
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "names/names.h"
#include "reload/candidate.h"
#include "reload/listeners.h"
#include "reload/server_ids.h"
#include "reload/states.h"

namespace ringway::reload {

class Reloading {
 public:
  // A new server's name may take so long to resolve before the others stop waiting.
  static constexpr Duration locating_max = std::chrono::seconds(2);
  // What changes while it is looked at is looked at again: it may be half written.
  static constexpr Duration look_again = std::chrono::milliseconds(500);
  // What was scheduled and could not come into force at its time.
  static constexpr Duration try_again = std::chrono::seconds(5);

  // Who has a part in it. All outlive this.
  struct Parts {
    Listeners& listeners;
    States& states;
    Names& names;
  };

  Reloading(worker::Shared& shared, ControlEnv& env, Published& published, Parts parts)
      : shared_(shared),
        env_(env),
        published_(published),
        listeners_(parts.listeners),
        states_(parts.states),
        names_(parts.names),
        server_ids_(shared) {}

  // Any thread.
  std::future<Outcome> order(bool accept_moved);

  // The process runs; `content` was read at its start.
  void start(std::uint64_t content);
  void step();
  Instant next() const;
  // Nothing more is begun, and whoever waits is told so.
  void end();
  // Somebody else works for it.
  bool busy() const { return stage_ == Stage::preparing || stage_ == Stage::looking; }

  // From being begun to being over; for whoever tells the service manager.
  // They follow one another within a step, if somebody waits.
  std::uint64_t begun() const { return begun_; }
  // When what waits for its time applies, in seconds since 1970; 0: nothing waits. Any thread.
  std::int64_t applies_at() const { return applies_at_.load(std::memory_order_relaxed); }
  bool under_way() const {
    return stage_ != Stage::idle && stage_ != Stage::looking && !request_.sweep;
  }

 private:
  enum class Stage : std::uint8_t { idle, looking, preparing, locating, switching };

  // What failed for a reason outside the files: the watch tries it again, as it was asked for.
  struct Unfinished {
    bool accept_moved = false;
    std::uint64_t content = 0;  // That was accepted, if it was.
    bool due = false;
  };

  struct Scheduled {
    std::chrono::seconds at{};  // Since 1970.
    std::shared_ptr<const config::Config> written;
    Instant tried_again_at{};  // Something was in its way, such as an address in use.
    bool failed = false;       // And was counted as a failure: once, however often it is tried.
  };

  void begin_if_asked();
  void schedule(Scheduled scheduled);
  bool schedule_is_due() const;
  void begin(ReloadRequest request, std::vector<Order> asked);
  void begin_look();
  void on_looked();
  void on_prepared();
  void adjust_listeners();
  bool note_failure(bool other_content);
  void on_located();
  void introduce(const pool::Pool& pool, const pool::Pool* before);
  void switch_over();
  void on_switched();
  // `again`: it is counted already.
  void end_with(Outcome outcome, bool again = false);
  std::string on_disk() const;
  void note_read();
  void answer(const Outcome& outcome);
  void keep(const Outcome& outcome);
  void count(Ending ending);

  worker::Shared& shared_;
  ControlEnv& env_;
  Published& published_;
  Listeners& listeners_;
  States& states_;
  Names& names_;
  ServerIds server_ids_;
  Orders orders_;
  Stage stage_ = Stage::idle;
  bool ended_ = false;
  ReloadRequest request_;
  std::vector<Order> asked_;                              // By whoever waits for the present one.
  std::shared_ptr<Candidate> candidate_;                  // The work's until it is done.
  std::shared_ptr<std::optional<std::uint64_t>> looked_;  // A content, if looking went well.
  Scheduled scheduled_;                      // Waits for its time; null: there is none.
  std::atomic<std::int64_t> applies_at_{0};  // Of scheduled_.
  InForce before_;                           // While switching: what is to be given back.
  Instant locating_until_ = never;
  Instant look_at_ = never;
  std::optional<Unfinished> unfinished_;
  std::uint64_t content_ = 0;  // Of what was loaded last, right or wrong.
  std::uint64_t seen_ = 0;     // By the last look.
  std::uint64_t failures_ = 0;
  std::string sweep_told_;   // What the last sweep failed for; empty: it did not.
  std::uint64_t begun_ = 0;  // Without sweeps.
};

}  // namespace ringway::reload
