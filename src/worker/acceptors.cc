// Accepting and dealing. A client counts at its worker's desk from the moment it is
// dealt, so that a burst spreads before anybody has read its mail.
#include "worker/acceptors.h"

#include <cstring>

#include "ringway/base/assert.h"

#include "log/log.h"

namespace ringway::worker {

Acceptors::~Acceptors() {
  RINGWAY_ASSERT(idle());
}

void Acceptors::listen(const Listen& listen) {
  auto socket = std::make_unique<Socket>();
  socket->fd = listen.fd;
  socket->listener = listen.listener;
  socket->timer.kind = net::TimerKind::accept_retry;
  socket->timer.owner = socket.get();
  sockets_.push_back(std::move(socket));
  accept(static_cast<std::uint32_t>(sockets_.size() - 1));
}

void Acceptors::accept(std::uint32_t index) {
  Socket& socket = *sockets_[index];
  RINGWAY_ASSERT(!socket.accepting);
  socket.accepting = true;
  bench_.io.accept({.op = net::Op::accept, .index = index}, socket.fd);
}

void Acceptors::stop() {
  stopping_ = true;
  for (const auto& socket : sockets_) {
    bench_.timers.stop(socket->timer);
    if (socket->accepting) bench_.io.cancel(socket->fd);
  }
}

bool Acceptors::idle() const {
  for (const auto& socket : sockets_) {
    if (socket->accepting) return false;
  }
  return true;
}

std::optional<TakeClient> Acceptors::on_accepted(const net::Completion& done) {
  RINGWAY_ASSERT(done.token.index < sockets_.size());
  Socket& socket = *sockets_[done.token.index];
  if (done.last) {
    socket.accepting = false;
    if (!stopping_) bench_.timers.set(socket.timer, bench_.io.now() + retry_after);
  }
  if (done.result < 0) {
    if (!stopping_ && !socket.waiting) report_failure(-done.result);
    return std::nullopt;
  }
  const TakeClient client{done.result, socket.listener};
  const std::uint32_t worker = least_loaded();
  crew_.desks[worker]->clients.fetch_add(1, std::memory_order_relaxed);
  // This one is not admitted yet.
  if (socket.accepting && !socket.waiting && full(socket.listener, 1)) {
    socket.waiting = true;
    bench_.io.cancel(socket.fd);
  }
  if (worker == bench_.worker) return client;
  crew_.desks[worker]->mailbox.post(client);
  return std::nullopt;
}

void Acceptors::report_failure(int error) {
  bench_.count(metrics::WorkerMetric::accept_failures).add();
  if (!lines_.ask("accept", bench_.io.now()).allowed) return;
  log::warning("no more clients can be accepted for now: {}", std::strerror(error));
}

// With clients_full = "wait" the next ones stay in the kernel's backlog.
bool Acceptors::full(snapshot::ListenerId id, std::uint32_t on_their_way) const {
  const config::Listener& limits = bench_.snapshot->listener(id)->settings;
  return limits.clients_full == config::ClientsFull::wait && limits.clients_max &&
         bench_.admitted[id].load(std::memory_order_relaxed) + on_their_way >= *limits.clients_max;
}

std::uint32_t Acceptors::least_loaded() {
  std::uint32_t best = next_worker_ % crew_.size();
  std::uint32_t fewest = ~0u;
  for (std::uint32_t i = 0; i < crew_.size(); ++i) {
    const std::uint32_t worker = (next_worker_ + i) % crew_.size();
    const std::uint32_t clients = crew_.desks[worker]->clients.load(std::memory_order_relaxed);
    if (clients >= fewest) continue;
    best = worker;
    fewest = clients;
  }
  next_worker_ = best + 1;
  return best;
}

void Acceptors::on_timer(net::Timer& timer) {
  for (std::uint32_t i = 0; i < sockets_.size(); ++i) {
    Socket& socket = *sockets_[i];
    if (&socket != timer.owner || socket.accepting || stopping_) continue;
    if (full(socket.listener, 0)) {
      bench_.timers.set(timer, bench_.io.now() + retry_after);
      continue;
    }
    socket.waiting = false;
    accept(i);
  }
}

}  // namespace ringway::worker
