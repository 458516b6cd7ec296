// Accepting and dealing. A client counts in its worker's report from the moment it is
// dealt, so that a burst spreads before anybody has read its mail. Where the listener
// lets clients wait, they are taken one by one: all others stay in the kernel's backlog. So
// they do everywhere when files are few, and when too many are being turned away.
#include "worker/acceptors.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ringway/base/assert.h"

#include "log/log.h"

namespace ringway::worker {

Acceptors::~Acceptors() {
  RINGWAY_ASSERT(open_ == 0);
}

Acceptors::Socket* Acceptors::find(int fd) {
  for (const auto& socket : sockets_) {
    if (socket && socket->fd == fd) return socket.get();
  }
  return nullptr;
}

void Acceptors::listen(const Listen& listen) {
  if (Socket* known = find(listen.fd)) {
    known->listener = listen.listener;
    return accept_otherwise(*known);
  }
  auto socket = std::make_unique<Socket>();
  socket->fd = listen.fd;
  socket->listener = listen.listener;
  socket->timer.kind = net::TimerKind::accept_retry;
  socket->timer.owner = socket.get();
  auto place = std::ranges::find_if(sockets_, [](const auto& free) { return !free; });
  if (place == sockets_.end()) place = sockets_.insert(place, nullptr);
  socket->index = static_cast<std::uint32_t>(place - sockets_.begin());
  *place = std::move(socket);
  ++open_;
  accept(**place);
}

void Acceptors::accept(Socket& socket) {
  if (socket.closing) return;
  RINGWAY_ASSERT(!socket.accepting);
  socket.accepting = true;
  socket.accepts = accepts(socket.listener);
  parts_.io.accept({.op = net::Op::accept, .index = socket.index}, socket.fd, socket.accepts);
}

void Acceptors::adopt() {
  for (const auto& socket : sockets_) {
    if (socket) accept_otherwise(*socket);
  }
}

// All that come at once would be taken where they are to wait now. It is asked anew a moment later.
void Acceptors::accept_otherwise(Socket& socket) {
  const bool one = socket.accepts == net::Accepts::one;
  if (one == (accepts(socket.listener) == net::Accepts::one)) return;
  if (!socket.accepting || socket.closing || socket.waiting) return;
  socket.waiting = true;
  parts_.io.cancel(socket.fd);
}

void Acceptors::unlisten(int fd) {
  if (Socket* socket = find(fd)) close(*socket);
}

void Acceptors::stop() {
  for (const auto& socket : sockets_) {
    if (socket) close(*socket);
  }
}

void Acceptors::close(Socket& socket) {
  if (std::exchange(socket.closing, true)) return;
  reaps_ = true;
  parts_.timers.stop(socket.timer);
  if (socket.accepting) parts_.io.cancel(socket.fd);
}

std::uint32_t Acceptors::reap() {
  if (!reaps_) return 0;
  reaps_ = false;
  const std::uint32_t before = open_;
  for (auto& socket : sockets_) {
    if (!socket || !socket->closing) continue;
    if (socket->accepting) {
      reaps_ = true;
    } else {
      socket.reset();
      --open_;
    }
  }
  return before - open_;
}

std::optional<TakeClient> Acceptors::on_accepted(const net::Completion& done) {
  RINGWAY_ASSERT(done.token.index < sockets_.size() && sockets_[done.token.index]);
  Socket& socket = *sockets_[done.token.index];
  if (done.last) socket.accepting = false;
  if (done.result < 0) {
    if (done.last) accept_later(socket);
    if (!socket.closing && !socket.waiting) report_failure(-done.result);
    return std::nullopt;
  }
  const TakeClient client{done.result, socket.listener};
  const std::uint32_t worker = least_loaded();
  shared_.reports[worker]->clients.fetch_add(1, std::memory_order_relaxed);
  parts_.loads[socket.listener].clients.fetch_add(1, std::memory_order_relaxed);
  parts_.loads.clients.fetch_add(1, std::memory_order_relaxed);
  pause_full();
  if (done.last) socket.waiting ? accept_later(socket) : accept(socket);
  if (worker == parts_.worker) return client;
  shared_.mailboxes[worker]->post(client);
  return std::nullopt;
}

void Acceptors::report_failure(int error) {
  parts_.count(metrics::WorkerMetric::accept_failures).add();
  const std::string cause = std::strerror(error);
  log::write_limited(lines_.ask("accept", parts_.io.now()), "accept", log::Level::warning,
                     "no more clients can be accepted for now: " + cause,
                     {.name = "accept_failed", .cause = cause});
}

bool Acceptors::lets_wait(snapshot::ListenerId id) const {
  const snapshot::Listener* listener = parts_.snapshot->listener(id);
  return listener && listener->settings.clients_full == config::ClientsFull::wait;
}

// How many may be accepted now: to live, or to be told that they are too many.
std::uint64_t Acceptors::room() const {
  const std::uint64_t most =
      std::uint64_t{parts_.snapshot->config.clients_max} + proxy::rejected_max(shared_.size());
  const std::uint64_t open = parts_.loads.clients.load(std::memory_order_relaxed);
  return most > open ? most - open : 0;
}

net::Accepts Acceptors::accepts(snapshot::ListenerId listener) const {
  const bool one = lets_wait(listener) || room() < accepts_ahead_max;
  return one ? net::Accepts::one : net::Accepts::all;
}

// Whether who comes next has to wait. One may be on its way to its worker, and one at each
// other socket.
bool Acceptors::full(snapshot::ListenerId id, std::uint32_t on_its_way) const {
  if (room() == 0) return true;
  if (!lets_wait(id)) return false;
  const config::Listener& limits = parts_.snapshot->listener(id)->settings;
  if (parts_.loads[id].clients.load(std::memory_order_relaxed) >=
      limits.clients_max.value_or(~0u)) {
    return true;
  }
  return std::uint64_t{parts_.loads.admitted.load(std::memory_order_relaxed)} + on_its_way >=
         parts_.snapshot->config.clients_max;
}

// A client was accepted: that may fill other sockets of its listener, too, and other
// listeners, which share what files allow.
void Acceptors::pause_full() {
  for (const auto& socket : sockets_) {
    if (!socket || socket->closing || socket->waiting) continue;
    if (!full(socket->listener, 1)) {
      if (socket->accepts == net::Accepts::all) accept_otherwise(*socket);
      continue;
    }
    socket->waiting = true;
    if (socket->accepting) parts_.io.cancel(socket->fd);
  }
}

void Acceptors::accept_later(Socket& socket) {
  if (socket.closing) return;
  const bool may_wait = !socket.waiting || lets_wait(socket.listener);
  parts_.timers.set(socket.timer, parts_.io.now() + (may_wait ? retry_after : room_after));
}

std::uint32_t Acceptors::least_loaded() {
  std::uint32_t best = next_worker_ % shared_.size();
  std::uint32_t fewest = ~0u;
  for (std::uint32_t i = 0; i < shared_.size(); ++i) {
    const std::uint32_t worker = (next_worker_ + i) % shared_.size();
    const std::uint32_t clients = shared_.reports[worker]->clients.load(std::memory_order_relaxed);
    if (clients >= fewest) continue;
    best = worker;
    fewest = clients;
  }
  next_worker_ = best + 1;
  return best;
}

void Acceptors::on_timer(net::Timer& timer) {
  Socket& socket = *static_cast<Socket*>(timer.owner);
  if (socket.accepting || socket.closing) return;
  if (full(socket.listener, 0)) return accept_later(socket);
  socket.waiting = false;
  accept(socket);
}

}  // namespace ringway::worker
