// See listeners.h. Worker 0 has a socket from announce() until its report counts it no more;
// clients that the kernel let in by then are served like the others.
#include "reload/listeners.h"

#include <algorithm>
#include <utility>

#include "ringway/base/assert.h"

#include "log/log.h"

namespace ringway::reload {

namespace {

bool is_unix(const OpenSocket& socket) {
  return socket.bind.starts_with("unix:");
}

}  // namespace

config::Problem told_of(const SocketToOpen& socket, const net::NoSocket& why) {
  return {socket.where, "[listener." + socket.settings.name + "] bind: " + why.what, why.remedy};
}

Opened open_sockets(const std::vector<SocketToOpen>& wanted, ControlEnv& env) {
  std::vector<OpenSocket> opened;
  config::Problems problems;
  for (const SocketToOpen& socket : wanted) {
    const ControlEnv::Opening fd = env.open_listener(socket.bind, socket.settings);
    if (fd) {
      opened.push_back({socket.bind, *fd, socket.listener});
    } else {
      problems.push_back(told_of(socket, fd.error()));
    }
  }
  if (problems.empty()) return opened;
  close_sockets(opened, env);
  return std::unexpected(std::move(problems));
}

void close_sockets(const std::vector<OpenSocket>& sockets, ControlEnv& env) {
  for (const OpenSocket& socket : sockets) env.close_listener(socket.fd);
}

Listeners::~Listeners() {
  RINGWAY_ASSERT(open_.empty() && closing_.empty() && "sockets are closed before the end");
}

void Listeners::announce(const OpenSocket& socket) {
  RINGWAY_ASSERT(socket.listener < proxy::listeners_max);
  ++announced_;
  shared_.mailboxes[0]->post(worker::Listen{socket.fd, socket.listener});
}

// What could not be changed cannot always be changed back either, and need not be.
config::Problems Listeners::adjust(const std::vector<SocketToAdjust>& sockets) {
  config::Problems problems;
  for (const SocketToAdjust& socket : sockets) {
    const ControlEnv::Adjusting done = env_.adjust_listener(socket.fd, socket.settings);
    if (done) continue;
    const std::string what = "[listener." + socket.settings.name + "]: " + done.error().what;
    problems.push_back({socket.settings.where, what, done.error().remedy});
  }
  if (problems.empty()) return {};
  for (const SocketToAdjust& socket : sockets) env_.adjust_listener(socket.fd, socket.before);
  return problems;
}

void Listeners::take_over(const ListenerPlan& plan, std::vector<OpenSocket> opened,
                          Duration patience) {
  RINGWAY_ASSERT(closing_.empty() && "one plan after another");
  for (const OpenSocket& socket : plan.to_keep) announce(socket);
  shared_.reports[0]->sockets.fetch_add(static_cast<std::uint32_t>(opened.size()));
  for (const OpenSocket& socket : opened) announce(socket);
  for (const OpenSocket& socket : plan.to_close) {
    shared_.mailboxes[0]->post(worker::Unlisten{socket.fd});
  }
  open_ = plan.to_keep;
  open_.insert(open_.end(), opened.begin(), opened.end());
  closing_ = plan.to_close;
  const bool has_files = std::ranges::any_of(open_, is_unix);
  look_at_ = has_files ? env_.now() + look_every : never;
  told_lost_.clear();
  names_.clear();
  for (const auto& [name, id] : plan.ids) names_[id] = name;
  retire(plan.retiring, patience);
}

void Listeners::retire(const std::vector<snapshot::Retiring>& retiring, Duration patience) {
  std::vector<Leaving> leaving;
  for (const snapshot::Retiring& listener : retiring) {
    const auto known = std::ranges::find(leaving_, listener.id, &Leaving::id);
    leaving.push_back(known != leaving_.end()
                          ? *known
                          : Leaving{listener.id, listener.settings.name, env_.now() + patience});
  }
  leaving_ = std::move(leaving);
}

// Until its letters are read, worker 0 may let clients in under the old number of a socket.
bool Listeners::settled() {
  if (shared_.reports[0]->listens.load(std::memory_order_acquire) != announced_) return false;
  if (closing_.empty()) return true;
  if (shared_.reports[0]->sockets.load(std::memory_order_acquire) > open_.size()) return false;
  for (const OpenSocket& socket : closing_) deal_waiting(socket);
  close_sockets(std::exchange(closing_, {}), env_);
  return true;
}

std::vector<OpenSocket> Listeners::sockets() const {
  std::vector<OpenSocket> sockets = open_;
  for (OpenSocket& socket : sockets)
    socket.lost = is_unix(socket) && env_.listener_is_lost(socket.fd);
  return sockets;
}

void Listeners::look_for_lost() {
  if (env_.now() < look_at_) return;
  look_at_ = env_.now() + look_every;
  for (const OpenSocket& socket : sockets()) {
    if (!socket.lost) continue;
    lost_ = true;
    if (!told_lost_.insert(socket.fd).second) continue;
    log::tell(log::Level::warning,
              {.name = "socket_lost", .listener = names_[socket.listener], .address = socket.bind},
              "somebody has removed {}: it is made anew", socket.bind);
  }
}

// Not while some may still be let in.
void Listeners::step() {
  if (!closing_.empty()) return;
  look_for_lost();
  for (Leaving& listener : leaving_) {
    if (listener.asked || env_.now() < listener.until) continue;
    listener.asked = true;
    const auto clients = shared_.loads[listener.id].clients.load(std::memory_order_relaxed);
    if (clients == 0) continue;
    log::tell(log::Level::info, {.name = "listener_gone", .listener = listener.name},
              "listener {} is gone: its last {} clients are told to leave", listener.name, clients);
    shared_.post_all(worker::DrainListener{listener.id});
  }
}

Instant Listeners::next() const {
  const Instant leaves = leaving_.empty() ? never : env_.now() + std::chrono::milliseconds(100);
  return std::min(leaves, look_at_);
}

bool Listeners::has_clients(snapshot::ListenerId id) const {
  return shared_.loads[id].clients.load(std::memory_order_acquire) > 0;
}

bool Listeners::any_over() const {
  return std::ranges::any_of(leaving_,
                             [this](const Leaving& gone) { return !has_clients(gone.id); });
}

bool Listeners::silent() const {
  return shared_.reports[0]->sockets.load(std::memory_order_acquire) == 0;
}

void Listeners::deal_waiting(const OpenSocket& socket) {
  for (const int client : env_.accept_waiting(socket.fd)) {
    const std::size_t worker = next_worker_++ % shared_.size();
    shared_.reports[worker]->clients.fetch_add(1);
    shared_.loads[socket.listener].clients.fetch_add(1);
    shared_.loads.clients.fetch_add(1);
    shared_.mailboxes[worker]->post(worker::TakeClient{client, socket.listener});
  }
}

void Listeners::take_waiting() {
  for (const OpenSocket& socket : open_) deal_waiting(socket);
  for (const OpenSocket& socket : closing_) deal_waiting(socket);
}

void Listeners::abandon() {
  for (const OpenSocket& socket : std::exchange(open_, {})) env_.abandon_listener(socket.fd);
  for (const OpenSocket& socket : std::exchange(closing_, {})) env_.abandon_listener(socket.fd);
}

void Listeners::close() {
  close_sockets(std::exchange(open_, {}), env_);
  close_sockets(std::exchange(closing_, {}), env_);
}

}  // namespace ringway::reload
