// Start, names, and the phases of the end. step() never waits: it looks at what has
// come about, moves to the next phase if it can, and says when to look again.
#include "reload/control.h"

#include <algorithm>
#include <utility>

#include "ringway/base/assert.h"

#include "log/log.h"
#include "proxy/error_text.h"

namespace ringway::reload {

Control::Control(config::Config config, worker::Crew& crew, World& world)
    : crew_(crew), world_(world) {
  const snapshot::Identities identities{
      .server =
          [this](const pool::ServerIdentity& identity) { return crew_.board.id_of(identity); },
      .listener =
          [this](const std::string& name) {
            const auto found = std::ranges::find(listener_names_, name);
            const auto id = static_cast<snapshot::ListenerId>(found - listener_names_.begin());
            if (found == listener_names_.end()) listener_names_.push_back(name);
            RINGWAY_ASSERT(id < proxy::listeners_max);
            return id;
          }};
  snapshot_ = snapshot::build(std::move(config), 1, identities);
}

Control::~Control() {
  RINGWAY_ASSERT(listeners_.empty() && "sockets are closed before the end");
}

Result<void> Control::start() {
  locate_servers();
  if (auto opened = open_listeners(); !opened) return opened;
  crew_.post_all(worker::Adopt{snapshot_.get()});
  for (const OpenListener& listener : listeners_) {
    crew_.desks[0]->mailbox.post(worker::Listen{listener.fd, listener.id});
    crew_.desks[0]->listening.store(true);
  }
  phase_ = Phase::running;
  step();
  return {};
}

Result<void> Control::open_listeners() {
  for (const snapshot::Listener& listener : snapshot_->listeners) {
    for (const std::string& bind : listener.settings.bind) {
      const Result<int> fd = world_.open_listener(bind, listener.settings);
      if (!fd) {
        close_listeners();
        return failure("listener " + listener.settings.name + ": " + fd.error());
      }
      listeners_.push_back({*fd, listener.id});
    }
  }
  return {};
}

// Whoever the kernel has let in already is served like the others.
void Control::take_waiting() {
  std::uint32_t next = 0;
  for (const OpenListener& listener : listeners_) {
    for (const int client : world_.accept_waiting(listener.fd)) {
      worker::Desk& desk = *crew_.desks[next++ % crew_.size()];
      desk.clients.fetch_add(1);
      desk.mailbox.post(worker::TakeClient{client, listener.id});
    }
  }
}

void Control::close_listeners() {
  for (const OpenListener& listener : listeners_) world_.close_listener(listener.fd);
  listeners_.clear();
}

// Numeric addresses are known at once; names are asked for.
void Control::locate_servers() {
  for (const auto& pool : snapshot_->pools) {
    for (const pool::Server& server : pool->servers) {
      if (const auto address = net::Address::parse(server.address)) {
        crew_.board.set_address(server.id, *address);
      } else {
        unresolved_.emplace_back(server.id, server.address);
        world_.resolve(server.id, server.address);
      }
    }
  }
  if (!unresolved_.empty()) resolve_at_ = world_.now() + resolve_again;
}

void Control::take_resolved() {
  for (const Resolved& answer : world_.take_resolved()) {
    const auto asked = std::ranges::find(unresolved_, answer.server,
                                         &std::pair<pool::ServerId, std::string>::first);
    if (asked == unresolved_.end()) continue;
    if (!answer.address) {
      log::warning("server {}: {}; asking again every {}", asked->second, answer.address.error(),
                   proxy::duration_text(resolve_again));
      continue;
    }
    log::info("server {} is at {}", asked->second, answer.address->text());
    crew_.board.set_address(answer.server, *answer.address);
    unresolved_.erase(asked);
  }
  if (unresolved_.empty()) {
    resolve_at_ = never;
  } else if (world_.now() >= resolve_at_) {
    for (const auto& [server, name] : unresolved_) world_.resolve(server, name);
    resolve_at_ = world_.now() + resolve_again;
  }
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
  take_resolved();
  if (phase_ == Phase::delaying && now >= phase_ends_) {
    crew_.desks[0]->mailbox.post(worker::StopListening{});
    enter(Phase::closing, std::chrono::hours(1));
  }
  if (phase_ == Phase::closing && !listening()) {
    take_waiting();
    close_listeners();
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
    close_listeners();
    phase_ = Phase::over;
  }
  // While something is under way its progress is looked at every 10 ms.
  const bool waiting = phase_ != Phase::running && phase_ != Phase::over;
  next_ = waiting ? now + std::chrono::milliseconds(10) : resolve_at_;
  if (phase_ == Phase::running && !unresolved_.empty()) {
    next_ = std::min(next_, now + std::chrono::milliseconds(50));
  }
}

}  // namespace ringway::reload
