// How things travel: the list of events, latency, segments, and what happens to a
// socket when something arrives there.
#include <algorithm>
#include <cerrno>

#include "sim/fail.h"
#include "sim/sim_socket.h"
#include "sim/sim_world.h"

namespace ringway::sim {
namespace {

constexpr Duration slow_most = std::chrono::milliseconds(300);
constexpr Duration syn_again = std::chrono::seconds(1);

}  // namespace

void SimWorld::push(const Event& event) {
  RINGWAY_ASSERT(event.at >= now_);
  events_.push_back(event);
  std::ranges::push_heap(events_, Later{});
}

void SimWorld::schedule(EventKind kind, const Socket& socket, Instant when, std::uint64_t value) {
  push({when, order_++, kind, socket.fd, socket.generation, value, nullptr});
}

void SimWorld::alarm(Inhabitant& whose, Instant at, std::uint64_t what) {
  push({std::max(at, now_), order_++, EventKind::alarm, -1, 0, what, &whose});
}

void SimWorld::advance(Instant to) {
  RINGWAY_ASSERT(to >= now_ && to <= next_event());
  now_ = to;
}

void SimWorld::jump(Duration time) {
  trace_.note(now_, "clock jumps", to_ms(time));
  now_ += time;
  jumped_ += time;
  for (Event& event : events_) event.at += time;
  for (const auto& socket : sockets_) socket->in.last_arrival += time;
}

void SimWorld::run_next_event() {
  RINGWAY_ASSERT(!events_.empty());
  std::ranges::pop_heap(events_, Later{});
  const Event event = events_.back();
  events_.pop_back();
  RINGWAY_ASSERT(event.at >= now_);
  now_ = event.at;
  run(event);
}

void SimWorld::run(const Event& event) {
  if (event.kind == EventKind::alarm) {
    if (event.whose != nullptr) event.whose->on_alarm(event.value);
    return;
  }
  Socket& socket = *sockets_[static_cast<std::size_t>(event.fd - fd_first)];
  if (!socket.open || socket.generation != event.generation) return;  // Nobody is there now.
  switch (event.kind) {
    case EventKind::connect_arrives: return on_connect_arrives(socket);
    case EventKind::connect_answered:
      return on_connect_answered(socket, static_cast<int>(event.value));
    case EventKind::arrive: return on_arrive(socket, event.value);
    case EventKind::fin: return on_fin(socket);
    case EventKind::reset: return on_reset(socket, static_cast<int>(event.value));
    case EventKind::writable: return tell(socket, News::writable);
    case EventKind::alarm: return;
  }
}

void SimWorld::tell(Socket& socket, News news) {
  if (socket.owner != nullptr) socket.owner->on_news(socket.fd, news);
}

// When what is sent now will be there: after everything sent before it.
Instant SimWorld::passage(Socket& from, const Socket& to) {
  Duration travel =
      from.latency +
      Duration(chance_.below(1 + static_cast<std::uint64_t>(from.latency.count() / 4)));
  if (!from.is_unix && chance_.with(faults_.slow_segment))
    travel += chance_.between(Duration(0), slow_most);
  return std::max(now_ + travel, to.in.last_arrival);
}

void SimWorld::send_segments(Socket& from, Socket& to, std::uint64_t begin) {
  const std::uint64_t upto = to.in.written;
  int cuts_max = 3;
  while (cuts_max-- > 0 && upto - begin > 1 && chance_.with(faults_.split)) {
    begin += 1 + chance_.below(upto - begin - 1);
    to.in.last_arrival = passage(from, to);
    schedule(EventKind::arrive, to, to.in.last_arrival, begin);
  }
  to.in.last_arrival = passage(from, to);
  schedule(EventKind::arrive, to, to.in.last_arrival, upto);
}

void SimWorld::on_arrive(Socket& socket, std::uint64_t upto) {
  if (socket.error != 0 || socket.severed || upto <= socket.in.arrived) return;
  RINGWAY_ASSERT(upto <= socket.in.written);
  socket.in.arrived = upto;
  trace_.note(now_, "arrive", socket.fd, static_cast<std::int64_t>(upto));
  tell(socket, News::readable);
}

void SimWorld::on_fin(Socket& socket) {
  if (socket.error != 0 || socket.severed) return;
  socket.in.fin_arrived = true;
  trace_.note(now_, "fin", socket.fd);
  tell(socket, News::readable);
}

// Bytes that arrived before a reset but were not read yet may be lost.
void SimWorld::on_reset(Socket& socket, int error) {
  if (socket.error != 0) return;
  socket.error = error;
  socket.peer = -1;
  if (chance_.one_in(2)) socket.in.drop_unread();
  trace_.note(now_, "reset arrives", socket.fd, error);
  tell(socket, News::failed);
}

void SimWorld::break_later(Socket& socket, Instant when) {
  if (std::exchange(socket.broken_told, true)) return;
  const int error = socket.severed ? ETIMEDOUT : ECONNRESET;
  schedule(EventKind::reset, socket, when, static_cast<std::uint64_t>(error));
}

void SimWorld::answer_connect(const Socket& socket, int error) {
  schedule(EventKind::connect_answered, socket, now_ + socket.latency,
           static_cast<std::uint64_t>(error));
}

void SimWorld::on_connect_arrives(Socket& socket) {
  if (!socket.connecting) return;
  const Site& where = sites_[socket.site];
  if (where.door == Door::silent) return;
  if (where.door == Door::refuses || where.listener < 0)
    return answer_connect(socket, ECONNREFUSED);
  Socket& listener = at(where.listener);
  if (listener.backlog.size() >= listener.backlog_max) {
    // TCP's SYN is dropped and sent again; a unix socket hears of it.
    if (socket.is_unix)
      answer_connect(socket, EAGAIN);
    else
      schedule(EventKind::connect_arrives, socket, now_ + syn_again);
    return;
  }
  join(socket, listener);
}

void SimWorld::join(Socket& client, Socket& listener) {
  Socket& server = at(open(nullptr));
  server.linked = client.linked = true;
  server.is_unix = client.is_unix;
  server.latency = client.latency;
  server.site = listener.site;
  server.room_max = client.room_max;
  server.peer = client.fd;
  server.peer_generation = client.generation;
  client.peer = server.fd;
  client.peer_generation = server.generation;
  client.in.last_arrival = now_ + client.latency;
  listener.backlog.push_back(server.fd);
  trace_.note(now_, "joined", client.fd, server.fd);
  answer_connect(client, 0);
  tell(listener, News::acceptable);
}

void SimWorld::on_connect_answered(Socket& socket, int error) {
  if (!socket.connecting) return;
  socket.connecting = false;
  if (error != 0) socket.error = error;
  trace_.note(now_, "connect answered", socket.fd, error);
  tell(socket, error == 0 ? News::connected : News::failed);
}

// Those who wait in the backlog are reset, as by a kernel.
void SimWorld::close_listener(Socket& listener) {
  Site& where = sites_[listener.site];
  if (where.listener == listener.fd) where.listener = -1;
  for (const Fd fd : std::exchange(listener.backlog, {})) reset(fd);
}

}  // namespace ringway::sim
