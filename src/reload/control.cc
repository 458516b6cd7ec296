// Start, and the phases of the end. step() never waits: it looks at what has
// come about, moves to the next phase if it can, and says when to look again.
#include "reload/control.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "log/log.h"
#include "proxy/error_text.h"

namespace ringway::reload {

Control::Control(config::Config written, worker::Crew& crew, World& world, std::uint64_t content)
    : crew_(crew),
      world_(world),
      content_(content),
      listeners_(crew, world),
      states_(crew),
      names_(crew, world),
      reloading_(crew, world, notice_, {listeners_, states_, names_}) {
  config::Config settled = written;
  world_.settle(settled);
  first_listeners_ = listener_plan(nullptr, {}, settled, {});
  const snapshot::Identities identities{
      .server =
          [this](const pool::ServerIdentity& identity) { return crew_.board.id_of(identity); },
      .listener = [this](const std::string& name) { return first_listeners_.ids.at(name); }};
  auto started = std::make_shared<const config::Config>(std::move(written));
  const std::string hash = config::fingerprint(*started);
  notice_.put({.started = started,
               .written = started,
               .snapshot = snapshot::build(std::move(settled), 1, identities),
               .file_hash = hash,
               .fingerprint = hash});
}

Opened Control::open_first() {
  if (first_listeners_.ids.size() > proxy::listeners_max) {
    return std::unexpected(
        std::vector{fmt::format("more than {} listeners", proxy::listeners_max)});
  }
  return open_sockets(first_listeners_.to_open, world_);
}

Result<void> Control::start() {
  const SharedSnapshot snapshot = this->snapshot();
  states_.adopt(*snapshot, true);
  names_.locate(*snapshot);
  auto opened = open_first();
  if (!opened) {
    reloading_.end();  // Somebody may have asked for one already.
    return failure(fmt::format("{}", fmt::join(opened.error(), "; ")));
  }
  crew_.post_all(worker::Adopt{snapshot.get()});
  listeners_.take_over(std::exchange(first_listeners_, {}), std::move(*opened), {});
  reloading_.start(content_);
  phase_ = Phase::running;
  step();
  return {};
}

void Control::ask_stop() {
  if (phase_ != Phase::running) return;
  reloading_.end();
  enter(Phase::delaying, snapshot()->config.router.drain_delay);
  step();
}

void Control::ask_stop_now() {
  if (phase_ == Phase::stopping || phase_ == Phase::over) return;
  reloading_.end();
  crew_.post_all(worker::Stop{});
  enter(Phase::stopping, std::chrono::hours(1));
}

void Control::enter(Phase phase, Duration at_most) {
  phase_ = phase;
  phase_ends_ = world_.now() + at_most;
}

void Control::step() {
  names_.step();
  states_.step(world_.now());
  reloading_.step();
  if (phase_ == Phase::running) listeners_.step();
  end_traffic();
  // While something is under way its progress is looked at every 10 ms.
  const bool ending = phase_ != Phase::running && phase_ != Phase::over;
  next_ = std::min({names_.next(), reloading_.next(), listeners_.next(),
                    ending ? world_.now() + std::chrono::milliseconds(10) : never});
}

// --- The phases of the end ------------------------------------------------------

void Control::end_traffic() {
  const Instant now = world_.now();
  if (phase_ == Phase::delaying && now >= phase_ends_) {
    crew_.desks[0]->mailbox.post(worker::StopListening{});
    enter(Phase::closing, std::chrono::hours(1));
  }
  if (phase_ == Phase::closing && listeners_.silent()) {
    listeners_.take_waiting();
    listeners_.close();
    const Duration timeout = snapshot()->config.router.drain_timeout;
    log::info("stopping: {} clients have {} to leave", crew_.clients(),
              proxy::duration_text(timeout));
    crew_.post_all(worker::Drain{std::chrono::duration_cast<Duration>(timeout * drain_share)});
    enter(Phase::draining, timeout);
  }
  if (phase_ == Phase::draining && (crew_.clients() == 0 || now >= phase_ends_)) {
    if (crew_.clients() > 0) log::warning("stopping: {} clients are cut off", crew_.clients());
    crew_.post_all(worker::Stop{});
    enter(Phase::stopping, std::chrono::hours(1));
  }
  const auto stopped = [](const auto& desk) { return desk->stopped.load(); };
  if (phase_ != Phase::stopping || !std::ranges::all_of(crew_.desks, stopped)) return;
  // Whoever reads a file on a disk that does not answer is not waited for.
  phase_ends_ = std::min(phase_ends_, now + work_patience);
  if (!reloading_.busy() || now >= phase_ends_) {
    listeners_.close();
    phase_ = Phase::over;
  }
}

}  // namespace ringway::reload
