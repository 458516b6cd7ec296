// Start, and the phases of the end. step() never waits: it looks at what has
// come about, moves to the next phase if it can, and says when to look again.
#include "reload/control.h"

#include <algorithm>
#include <utility>

#include "log/log.h"
#include "proxy/error_text.h"

namespace ringway::reload {

Control::Control(config::Config config, worker::Crew& crew, World& world)
    : crew_(crew), world_(world), listeners_(crew, world), states_(crew), names_(crew, world) {
  const snapshot::Identities identities{
      .server =
          [this](const pool::ServerIdentity& identity) { return crew_.board.id_of(identity); },
      .listener = [this](const std::string& name) { return listeners_.id_of(name); }};
  snapshot_ = snapshot::build(std::move(config), 1, identities);
}

Result<void> Control::start() {
  states_.adopt(*snapshot_, true);
  names_.locate(*snapshot_);
  if (auto opened = listeners_.open(*snapshot_); !opened) return opened;
  crew_.post_all(worker::Adopt{snapshot_.get()});
  listeners_.announce();
  phase_ = Phase::running;
  step();
  return {};
}

void Control::ask_stop() {
  if (phase_ != Phase::running) return;
  enter(Phase::delaying, snapshot_->config.router.drain_delay);
  step();
}

void Control::ask_stop_now() {
  if (phase_ == Phase::stopping || phase_ == Phase::over) return;
  crew_.post_all(worker::Stop{});
  enter(Phase::stopping, std::chrono::hours(1));
}

bool Control::listening() const {
  return crew_.desks[0]->listening.load(std::memory_order_acquire);
}

void Control::enter(Phase phase, Duration at_most) {
  phase_ = phase;
  phase_ends_ = world_.now() + at_most;
}

void Control::step() {
  const Instant now = world_.now();
  names_.step();
  states_.step(now);
  if (phase_ == Phase::delaying && now >= phase_ends_) {
    crew_.desks[0]->mailbox.post(worker::StopListening{});
    enter(Phase::closing, std::chrono::hours(1));
  }
  if (phase_ == Phase::closing && !listening()) {
    listeners_.take_waiting();
    listeners_.close();
    const Duration timeout = snapshot_->config.router.drain_timeout;
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
  if (phase_ == Phase::stopping && std::ranges::all_of(crew_.desks, stopped)) {
    listeners_.close();
    phase_ = Phase::over;
  }
  // While something is under way its progress is looked at every 10 ms.
  const bool waiting = phase_ != Phase::running && phase_ != Phase::over;
  next_ = waiting ? now + std::chrono::milliseconds(10) : names_.next();
}

}  // namespace ringway::reload
