// Start, and the phases of the end. step() never waits: it looks at what has
// come about, moves to the next phase if it can, and says when to look again.
#include "reload/control.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "exchange/error_text.h"
#include "log/log.h"

namespace ringway::reload {

Control::Control(config::Config written, worker::Shared& shared, ControlEnv& env,
                 std::uint64_t content)
    : shared_(shared),
      env_(env),
      content_(content),
      listeners_(shared, env),
      states_(shared),
      names_(shared, env),
      reloading_(shared, env, published_, {listeners_, states_, names_}) {
  config::Config settled = written;
  env_.settle(settled);
  first_listeners_ = listener_plan(nullptr, {}, settled, {});
  const snapshot::Identities identities{
      .server =
          [this](const pool::ServerIdentity& identity) { return shared_.board.id_of(identity); },
      .listener = [this](const std::string& name) { return first_listeners_.ids.at(name); }};
  auto started = std::make_shared<const config::Config>(std::move(written));
  const std::string hash = config::fingerprint(*started);
  published_.put({.started = started,
                  .written = started,
                  .snapshot = snapshot::build(std::move(settled), 1, identities),
                  .file_hash = hash,
                  .fingerprint = hash});
}

Opened Control::open_first() {
  if (first_listeners_.ids.size() > proxy::listeners_max) {
    return std::unexpected(
        config::Problems{{{snapshot()->config.file, 0, 0},
                          fmt::format("more than {} listeners", proxy::listeners_max),
                          "let listeners bind several addresses"}});
  }
  return open_sockets(first_listeners_.to_open, env_);
}

Result<void> Control::start() {
  const SharedSnapshot snapshot = this->snapshot();
  states_.adopt(*snapshot, true);
  names_.locate(*snapshot);
  auto opened = open_first();
  if (!opened) {
    reloading_.end();  // Somebody may have asked for one already.
    std::vector<std::string> lines;
    for (const config::Problem& problem : opened.error()) lines.push_back(line(problem));
    return failure(fmt::format("{}", fmt::join(lines, "; ")));
  }
  shared_.post_all(worker::Adopt{snapshot.get()});
  listeners_.take_over(std::exchange(first_listeners_, {}), std::move(*opened), {});
  reloading_.start(content_);
  phase_ = Phase::running;
  names_known_at_most_ = env_.now() + name_patience;
  step();
  return {};
}

void Control::ask_stop() {
  if (phase_ != Phase::running) return;
  reloading_.end();
  enter(Phase::delaying, snapshot()->config.router.drain_delay);
  step();
}

// Also of an end that has begun: whatever it waits for is not waited for any more.
void Control::ask_stop_now() {
  if (phase_ == Phase::over) return;
  if (phase_ != Phase::stopping) {
    reloading_.end();
    shared_.post_all(worker::Stop{});
    enter(Phase::stopping, hurried_patience);
  }
  hurried_ = true;
  phase_ends_ = std::min(phase_ends_, env_.now() + hurried_patience);
}

void Control::enter(Phase phase, Duration at_most) {
  phase_ = phase;
  phase_begun_ = env_.now();
  phase_ends_ = phase_begun_ + at_most;
  looks_ = 0;
}

void Control::step() {
  names_.step();
  look_at_names();
  states_.step(env_.now());
  reloading_.step();
  if (phase_ == Phase::running) listeners_.step();
  end_traffic();
  const Instant listeners = phase_ == Phase::running ? listeners_.next() : never;
  next_ = std::min({names_.next(), names_known_ ? never : names_known_at_most_, reloading_.next(),
                    listeners, next_look()});
}

// Often at first, because a successor may wait for this end.
Instant Control::next_look() const {
  if (phase_ == Phase::running || phase_ == Phase::over) return never;
  const Duration waited = env_.now() - phase_begun_;
  return env_.now() + std::clamp<Duration>(waited / 10, look_min, look_max);
}

// Once: a name that comes with a reload is known before it is applied.
void Control::look_at_names() {
  if (names_known_) return;
  names_known_ = env_.now() >= names_known_at_most_ || names_.located(*snapshot());
}

// --- The phases of the end ------------------------------------------------------

// A time that passed while this very process stood still was no patience.
bool Control::out_of_patience() const {
  return (hurried_ || looks_ >= looks_for_patience) && env_.now() >= phase_ends_;
}

void Control::end_traffic() {
  const Instant now = env_.now();
  ++looks_;
  if (phase_ == Phase::delaying && now >= phase_ends_) {
    shared_.mailboxes[0]->post(worker::StopListening{});
    enter(Phase::closing, patience);
  }
  if (phase_ == Phase::closing && (listeners_.silent() || out_of_patience())) begin_drain();
  const bool left = shared_.clients() == 0 && !shared_.awaiting();
  if (phase_ == Phase::draining && (left || now >= phase_ends_)) {
    if (shared_.clients() > 0) {
      log::tell(log::Level::warning, {.name = "clients_cut_off"},
                "stopping: {} clients are cut off", shared_.clients());
    }
    shared_.post_all(worker::Stop{});
    enter(Phase::stopping, patience);
  }
  if (phase_ == Phase::stopping) end_workers();
}

// Where no balancer was told before, nobody is better off for waiting: see configs/upgrading.md.
void Control::begin_drain() {
  if (listeners_.silent()) {
    listeners_.take_waiting();
    listeners_.close();
  }
  const config::Router& settings = snapshot()->config.router;
  const Duration timeout = settings.drain_timeout;
  log::tell(log::Level::info, {.name = "draining"}, "stopping: {} clients have {} to leave",
            shared_.clients(), proxy::duration_text(timeout));
  const bool one_by_one = settings.drain_delay > Duration::zero();
  const Duration spread = std::chrono::duration_cast<Duration>(timeout * drain_share);
  shared_.post_all(worker::Drain{one_by_one ? spread : Duration::zero()});
  enter(Phase::draining, timeout);
}

namespace {

// With the process it is forgotten.
void tell_owed(const snapshot::Snapshot& snapshot, const proxy::Board& board) {
  std::size_t keys = 0;
  for (const auto& pool : snapshot.pools) {
    for (const auto& server : pool->servers) keys += board.entry(server.id).owed().keys;
  }
  if (keys == 0) return;
  log::tell(log::Level::warning, {.name = "keys_stay_owed"},
            "stopping: {} keys stay owed: what their servers hold of them may be old", keys);
}

}  // namespace

// Neither for a worker that stands still nor for whoever reads a file on a disk that does not
// answer there is more than patience.
void Control::end_workers() {
  const auto stopped = [](const auto& report) { return report->stopped.load(); };
  const bool home = std::ranges::all_of(shared_.reports, stopped);
  const bool over = home && !reloading_.busy();
  if (!over && !out_of_patience()) return;
  for (std::size_t i = 0; i < shared_.reports.size(); ++i) {
    if (stopped(shared_.reports[i])) continue;
    stuck_ = true;
    log::tell(log::Level::error, {.name = "worker_stands_still", .worker = std::to_string(i)},
              "stopping: worker {} stands still and is not waited for", i);
  }
  tell_owed(*snapshot(), shared_.board);
  listeners_.silent() ? listeners_.close() : listeners_.abandon();
  phase_ = Phase::over;
}

}  // namespace ringway::reload
