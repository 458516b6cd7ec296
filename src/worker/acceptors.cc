// Accepting and dealing. A client counts at its worker's desk from the moment it is
// dealt, so that a burst spreads before anybody has read its mail.
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
    return;
  }
  auto socket = std::make_unique<Socket>();
  socket->fd = listen.fd;
  socket->listener = listen.listener;
  socket->timer.kind = net::TimerKind::accept_retry;
  socket->timer.owner = socket.get();
  auto place = std::ranges::find_if(sockets_, [](const auto& free) { return !free; });
  if (place == sockets_.end()) place = sockets_.insert(place, nullptr);
  *place = std::move(socket);
  ++open_;
  accept(static_cast<std::uint32_t>(place - sockets_.begin()));
}

void Acceptors::accept(std::uint32_t index) {
  Socket& socket = *sockets_[index];
  RINGWAY_ASSERT(!socket.accepting);
  socket.accepting = true;
  bench_.io.accept({.op = net::Op::accept, .index = index}, socket.fd);
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
  bench_.timers.stop(socket.timer);
  if (socket.accepting) bench_.io.cancel(socket.fd);
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
  if (done.last) {
    socket.accepting = false;
    if (!socket.closing) bench_.timers.set(socket.timer, bench_.io.now() + retry_after);
  }
  if (done.result < 0) {
    if (!socket.closing && !socket.waiting) report_failure(-done.result);
    return std::nullopt;
  }
  const TakeClient client{done.result, socket.listener};
  const std::uint32_t worker = least_loaded();
  crew_.desks[worker]->clients.fetch_add(1, std::memory_order_relaxed);
  bench_.loads[socket.listener].clients.fetch_add(1, std::memory_order_relaxed);
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
  if (limits.clients_full != config::ClientsFull::wait) return false;
  const auto reached = [&](const std::atomic<std::uint32_t>& admitted, std::uint32_t most) {
    return std::uint64_t{admitted.load(std::memory_order_relaxed)} + on_their_way >= most;
  };
  return reached(bench_.loads[id].admitted, limits.clients_max.value_or(~0u)) ||
         reached(bench_.loads.admitted, bench_.snapshot->config.clients_max);
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
    if (sockets_[i].get() != timer.owner) continue;
    Socket& socket = *sockets_[i];
    if (socket.accepting || socket.closing) return;
    if (full(socket.listener, 0)) {
      bench_.timers.set(timer, bench_.io.now() + retry_after);
      return;
    }
    socket.waiting = false;
    return accept(i);
  }
}

}  // namespace ringway::worker
