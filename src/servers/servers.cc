// The life of server connections; replies are read in replies.cc. A connection
// that fails tells everything in its FIFO at once and gives up its place in the link;
// only its memory waits for operations to come home.
#include "servers/servers.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ringway/hash/hash.h"

#include "exchange/error_text.h"
#include "exchange/exchange.h"
#include "log/log.h"

namespace ringway::proxy {

using metrics::ServerMetric;

namespace {

int seconds_of(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

net::SocketOptions socket_options(const config::Pool& pool) {
  return {.keepalive = pool.tcp_keepalive,
          .keepalive_idle_s = seconds_of(pool.tcp_keepalive_idle),
          .keepalive_interval_s = seconds_of(pool.tcp_keepalive_interval),
          .keepalive_probes = static_cast<int>(pool.tcp_keepalive_probes),
          .user_timeout_ms = static_cast<int>(to_ms(pool.tcp_user_timeout))};
}

}  // namespace

Servers::~Servers() {
  RINGWAY_ASSERT(in_flight_ == 0);
}

ServerLink& Servers::link(pool::ServerId server) {
  const std::uint32_t index = pool::index_of(server);
  RINGWAY_ASSERT(index < links_.size() && links_[index]);
  return *links_[index];
}

void Servers::adopt() {
  board_version_ = 0;
  for (const auto& pool : parts_.snapshot->pools) {
    for (const pool::Server& server : pool->servers) {
      const std::uint32_t index = pool::index_of(server.id);
      if (index >= links_.size()) links_.resize(index + 1);
      if (!links_[index]) links_[index] = std::make_unique<ServerLink>();
      configure(*links_[index], *pool, server);
      preconnect_soon(*links_[index]);
    }
  }
  std::erase_if(left_, [](const ServerLink* link) { return link->removed_in == 0; });
  for (const auto& link : links_) {
    if (link && link->removed_in == 0 && link->generation != parts_.snapshot->generation) {
      leave(*link);
    }
  }
}

std::uint64_t Servers::settled() const {
  std::uint64_t generation = parts_.snapshot->generation;
  for (const ServerLink* link : left_) generation = std::min(generation, link->removed_in - 1);
  return generation;
}

void Servers::leave(ServerLink& link) {
  link.removed_in = parts_.snapshot->generation;
  // Its connections may finish what is under way: for as long as clients get to leave, and at least
  // for the timeout of a request.
  link.ends_at = parts_.now + std::max(parts_.snapshot->config.router.drain_timeout,
                                       link.timeout.value_or(Duration::zero()));
  parts_.timers.stop(link.preconnect_timer);
  left_.push_back(&link);
  wake_all(link);
  for (ServerConn* conn : link.conns) {
    if (!conn) continue;
    set_idle_timer(*conn);
    // The server is in no snapshot any more, so no answer of the resolver will come for its name.
    if (conn->awaits_name)
      fail(*conn, "is not used any more", false);
    else
      prefer_closed(*conn);
  }
}

void Servers::forget_left() {
  std::erase_if(left_, [this](ServerLink* link) {
    if (link->open_conns > 0 || link->waiting_count > 0) return false;
    std::erase(crowded_, link);
    links_[pool::index_of(link->id)].reset();
    return true;
  });
}

void Servers::configure(ServerLink& link, const pool::Pool& pool, const pool::Server& server) {
  const config::Pool& settings = pool.settings;
  const bool was_watched = link.watched;
  const config::MaybeTime was_idle_timeout = link.idle_timeout;
  link.id = server.id;
  link.generation = parts_.snapshot->generation;
  link.removed_in = 0;
  link.ends_at = never;
  link.label = server.label + " of pool " + settings.name;
  link.pool = settings.name;
  link.name = server.name;
  link.connections = settings.server_connections;
  link.queue_max = settings.server_queue_max;
  link.queue_bytes_max = settings.server_queue_bytes_max;
  link.timeout = settings.timeout;
  const Duration timeout = settings.timeout.value_or(Duration::max() / 4);
  link.head_wait_max = timeout / head_share;
  link.head_wait_modest = timeout / modest_share;
  link.connect_timeout = settings.connect_timeout;
  link.backoff_min = settings.backoff_min;
  link.backoff_max = settings.backoff_max;
  link.idle_timeout = settings.server_idle_timeout;
  link.socket = socket_options(settings);
  count_under(link, parts_.registry.server(parts_.worker, settings.name, server.name));
  link.eject = settings.eject;
  link.tcp_check = settings.health.check == config::Check::tcp;
  link.home = parts_.homes.of(settings.name);
  const bool was_preconnected = std::exchange(link.preconnect, settings.preconnect);
  link.preconnect_timer.owner = &link;
  link.preconnect_timer.kind = net::TimerKind::server_preconnect;
  link.watched = link.home == parts_.worker && settings.health.check != config::Check::off;
  link.dialect = pool.dialect;
  link.token_mark = proto::token_mark(hash::find("xxh3_64")->of(server.address));
  link.entry = &parts_.board.entry(server.id);
  if (link.conns.size() < link.connections) link.conns.resize(link.connections);
  wake_all(link);
  for (ServerConn* conn : link.conns) {
    if (!conn) continue;
    const bool same = was_watched == link.watched && was_idle_timeout == link.idle_timeout &&
                      was_preconnected == link.preconnect;
    if (conn->timer.kind == net::TimerKind::server_idle && !same) set_idle_timer(*conn);
    prefer_closed(*conn);
  }
}

// A server may get another name; what is open and queued goes with it. Only a server that has
// moved has connections without a place in its link, as long as they owe replies.
void Servers::count_under(ServerLink& link, metrics::ServerCounters& counters) {
  metrics::ServerCounters* const before = std::exchange(link.counters, &counters);
  if (!before || before == &counters) return;
  const auto move = [&](ServerMetric metric, std::uint64_t count) {
    (*before)[metric].subtract(count);
    counters[metric].add(count);
  };
  const auto move_of = [&](const ServerConn& conn) {
    if (&conn.link != &link) return;
    move(ServerMetric::queued, conn.fifo.count());
    const bool open =
        conn.state == ServerConnState::greeting || conn.state == ServerConnState::ready;
    move(ServerMetric::connections, open ? 1 : 0);
  };
  const auto placed = std::ranges::count_if(link.conns, [](const auto* conn) { return conn; });
  if (std::cmp_less(placed, link.open_conns)) return conns_.each(move_of);
  for (const ServerConn* conn : link.conns) {
    if (conn) move_of(*conn);
  }
}

net::Token Servers::token(net::Op op, const ServerConn& conn) const {
  return {.op = op, .generation = conn.handle.generation, .index = conn.handle.index};
}

ServerConn& Servers::land(const net::Completion& done) {
  ServerConn* conn = conns_.find({done.token.index, done.token.generation});
  RINGWAY_ASSERT(conn && "a completion names a living connection");
  if (done.last) {
    RINGWAY_ASSERT(conn->ops_in_flight > 0);
    if (--conn->ops_in_flight == 0 && conn->state == ServerConnState::closing) {
      dead_.push_back(conn);
    }
  }
  return *conn;
}

void Servers::touch(ServerConn& conn) {
  if (!conn.touched_link.linked()) touched_.push_back(conn);
}

ServerConn* Servers::connection(pool::ServerId server, std::uint32_t lane, proto::CommandId command,
                                bool woken, Refusal& refusal) {
  ServerLink& to = link(server);
  if (to.standing != Standing::up) [[unlikely]] {
    (*to.counters)[ServerMetric::refused_out].add();
    refusal.why = to.out_because;
    return nullptr;
  }
  if (to.commands.shuns(command, parts_.now)) [[unlikely]] {
    refusal.why =
        shunned_text(to.dialect->name_of(command), to.commands.shunned_until() - parts_.now);
    return nullptr;
  }
  ServerConn*& place = to.conns[lane % to.connections];
  if (!place) {
    if (parts_.now < to.retry_at) {
      const Duration left = std::max(to.retry_at - parts_.now, Duration(1'000'000));
      refusal.why = to.last_failure + "; next try in " + duration_text(left);
      return nullptr;
    }
    if (!open(to, lane % to.connections, false)) {
      refusal.why = to.last_failure;
      return nullptr;
    }
  }
  if (full(to, *place) || (to.waiting_count > 0 && !woken)) [[unlikely]] {
    // What is held was never sent, so nobody else would notice a silent connection.
    if (suspects_.empty() || suspects_.back() != &to) suspects_.push_back(&to);
    refusal = {"has a full queue", true};
    return nullptr;
  }
  return place;
}

ServerConn* Servers::open(ServerLink& to, std::uint32_t lane, bool probing) {
  RINGWAY_ASSERT(to.conns[lane] == nullptr);
  ServerConn& conn = conns_.open(to, lane);
  ++to.open_conns;
  to.conns[lane] = &conn;
  conn.timer.owner = &conn;
  conn.probing = probing;
  return begin_connect(conn) ? &conn : nullptr;
}

bool Servers::begin_connect(ServerConn& conn) {
  ServerLink& to = conn.link;
  conn.begun = parts_.now;
  const net::Address address = parts_.board.address(to.id);
  // Not known yet is not failed: relocate() goes on when the first answer is there. What waits
  // has its own time, as it has while a connection is being made.
  conn.awaits_name = address.empty() && !to.entry->unresolvable();
  if (conn.awaits_name) {
    conn.state = ServerConnState::waiting;
    return true;
  }
  if (address.empty()) {
    connect_failed(conn, "has a name that does not resolve", false);
    news_.on_disproved(to.id, to.last_failure);
    return false;
  }
  (*to.counters)[ServerMetric::connects].add();
  const int fd = parts_.io.connect(token(net::Op::server_connect, conn), address, to.socket);
  if (fd < 0) {
    const std::string what(connection_failure(-fd));
    const bool ours = fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM;
    ours ? connect_not_begun(conn, what) : connect_failed(conn, what);
    return false;
  }
  conn.fd = fd;
  conn.state = ServerConnState::connecting;
  ++conn.ops_in_flight;
  conn.timer.kind = net::TimerKind::server_connect;
  parts_.timers.set(conn.timer, parts_.now + to.connect_timeout);
  return true;
}

void Servers::on_connected(const net::Completion& done) {
  ServerConn& conn = land(done);
  if (conn.state == ServerConnState::closing) return;
  RINGWAY_ASSERT(conn.state == ServerConnState::connecting);
  if (done.result < 0) return connect_failed(conn, std::string(connection_failure(-done.result)));
  (*conn.link.counters)[ServerMetric::connections].add();
  if (proves_by_connecting(conn.link)) news_.on_proved(conn.link.id);
  greet(conn);
}

// The greeting proves that such a server answers there, not just a kernel.
void Servers::greet(ServerConn& conn) {
  conn.state = ServerConnState::greeting;
  parts_.io.recv(token(net::Op::server_recv, conn), conn.fd, net::Buffers::server);
  parts_.io.send(token(net::Op::server_send, conn), conn.fd, {&conn.link.dialect->greeting, 1});
  conn.greeting_in_flight = true;
  conn.ops_in_flight = static_cast<std::uint16_t>(conn.ops_in_flight + 2);
}

void Servers::become_ready(ServerConn& conn) {
  RINGWAY_ASSERT(conn.state == ServerConnState::greeting);
  if (std::exchange(conn.link.failing, false)) say(conn.link, "answers again");
  conn.state = ServerConnState::ready;
  conn.link.entry->add_ready(1);
  conn.link.retry_at = Instant{};
  conn.quiet_since = parts_.now;
  parts_.timers.stop(conn.timer);
  set_idle_timer(conn);
  touch(conn);
  // Where it was enough that it could be made, it has been told already.
  const bool told = proves_by_connecting(conn.link);
  told ? news_.on_ready(conn.link.id) : news_.on_proved(conn.link.id);
}

Duration Servers::next_backoff(ServerLink& link) {
  return link.backoff.next(link.backoff_min, link.backoff_max, parts_.io.random());
}

void Servers::connect_failed(ServerConn& conn, std::string what, bool theirs) {
  ServerLink& to = conn.link;
  (*to.counters)[ServerMetric::connect_failures].add();
  to.retry_at = parts_.now + next_backoff(to);
  to.last_failure = std::move(what);
  if (!std::exchange(to.failing, true)) say(to, to.last_failure);
  // Checks have a count of their own.
  if (theirs && (!conn.probing || owes_traffic(conn))) blame(to, conn.begun, to.last_failure);
  if (theirs) to.entry->doubt_address();
  fail(conn, to.last_failure, theirs);
  if (theirs) news_.on_disproved(to.id, to.last_failure);
}

// That there is no descriptor says nothing of the server: the next request tries again.
void Servers::connect_not_begun(ServerConn& conn, std::string_view what) {
  (*conn.link.counters)[ServerMetric::connect_failures].add();
  conn.link.last_failure = what;
  if (!std::exchange(conn.link.failing, true)) say(conn.link, what);
  fail(conn, what, false);
}

// If ringway itself was late to look, the connection gets its time anew.
void Servers::on_connect_late(ServerConn& conn) {
  const Duration limit = conn.link.connect_timeout;
  if (parts_.now - conn.timer.at > limit / 4) {
    parts_.count(metrics::WorkerMetric::late_turns).add();
    return parts_.timers.set(conn.timer, parts_.now + limit);
  }
  const bool connecting = conn.state == ServerConnState::connecting;
  connect_failed(conn, (connecting ? "did not take a connection within "
                                   : "did not greet a new connection within ") +
                           duration_text(limit));
}

// The server has too many connections: what waits here was not executed, so it
// goes on waiting, for another try.
void Servers::turned_away(ServerConn& conn) {
  ServerLink& to = conn.link;
  (*to.counters)[ServerMetric::connections_refused].add();
  // Once is chance; what waits longer would be answered long after it was given up. A server
  // on which another connection works is alive, whichever worker has it.
  if (to.backoff.begun()) {
    const bool works = to.entry->connected();
    connect_failed(conn, "has too many connections", !works);
    if (works && !proves_by_connecting(to)) news_.on_proved(to.id);
    return;
  }
  (*to.counters)[ServerMetric::connect_failures].add();
  to.last_failure = "has too many connections";
  if (!std::exchange(to.failing, true)) say(to, to.last_failure);
  conn.retry = true;
  close_down(conn);
}

// Whatever is in the FIFO fails; the place in the link is free for a successor.
void Servers::fail(ServerConn& conn, std::string_view what, bool theirs) {
  RINGWAY_ASSERT(conn.state != ServerConnState::closing || conn.retry);
  conn.retry = false;
  const bool in_place = conn.link.conns[conn.lane] == &conn;
  if (in_place) conn.link.conns[conn.lane] = nullptr;
  // Requests may be sent anew only if the server can do nothing any more of what this connection
  // asked before, and no later request of the lane went to another connection.
  const bool orderly = in_place && (conn.ended || conn.offered == 0);
  if (conn.fifo.first() && conn.state == ServerConnState::ready) {
    (*conn.link.counters)[ServerMetric::connections_lost].add();
    // If it is a request that ends connections, other requests need no back-off.
    const End end = theirs ? end_at_head(conn) : End{};
    // A server that greets and answers nothing is no better than one that refuses.
    if (!conn.replied && !end.of_request) {
      conn.link.last_failure = what;
      conn.link.retry_at = parts_.now + next_backoff(conn.link);
    }
    if (!std::exchange(conn.link.failing, true)) say(conn.link, what);
    if (theirs && end.blames && owes_traffic(conn)) blame(conn.link, conn.quiet_since, what);
  }
  const std::string cause(what);
  if (conn.state != ServerConnState::closing) close_down(conn);
  preconnect_soon(conn.link, conn.link.backoff_min);
  conn.withdrawn = 0;
  wake_all(conn.link);
  while (!conn.fifo.empty()) {
    Fragment& fragment = leave_fifo(conn, nullptr);
    const std::uint64_t begin = fragment.request_end - fragment.request_bytes;
    fragment.never_offered = begin >= conn.offered;
    const bool unsent = orderly && fragment.never_offered;
    proxy::on_failed(
        executor_, fragment, cause,
        unsent ? conn.output.unsent(begin - conn.offered, fragment.request_bytes) : Bytes{});
  }
}

// The only way out: of the one behind `before`, of the head if that is null.
Fragment& Servers::leave_fifo(ServerConn& conn, Fragment* before) {
  Fragment& gone = conn.fifo.leave(before);
  gone.conn = nullptr;
  RINGWAY_ASSERT(in_flight_ > 0);
  --in_flight_;
  ++left_fifo_;
  (*conn.link.counters)[ServerMetric::queued].subtract();
  return gone;
}

void Servers::close_down(ServerConn& conn) {
  using State = ServerConnState;
  RINGWAY_ASSERT(conn.state != State::closing);
  if (conn.state == State::greeting || conn.state == State::ready) {
    (*conn.link.counters)[ServerMetric::connections].subtract();
  }
  if (conn.state == State::ready) conn.link.entry->add_ready(-1);
  conn.state = State::closing;
  parts_.timers.stop(conn.timer);
  conn.touched_link.leave();
  if (conn.fd >= 0 && conn.ops_in_flight > 0) {
    parts_.io.shutdown(conn.fd);
    parts_.io.cancel(conn.fd);
  }
  if (conn.ops_in_flight == 0) dead_.push_back(&conn);
}

void Servers::reap() {
  for (ServerConn* conn : std::exchange(dead_, {})) {
    RINGWAY_ASSERT(conn->ops_in_flight == 0);
    if (conn->fd >= 0) parts_.io.close(std::exchange(conn->fd, -1));
    conn->input.clear(parts_.buffers);
    if (conn->retry) {
      conn->state = ServerConnState::waiting;
      conn->retry = false;
      conn->timer.kind = net::TimerKind::server_backoff;
      parts_.timers.set(conn->timer, parts_.now + next_backoff(conn->link));
      continue;
    }
    RINGWAY_ASSERT(conn->fifo.first() == nullptr);
    conn->output.clear(parts_.buffers);
    RINGWAY_ASSERT(conn->link.open_conns > 0);
    --conn->link.open_conns;
    conns_.release(*conn);
  }
  if (!left_.empty()) forget_left();
}

void Servers::queued(ServerConn& conn, Fragment& fragment) {
  RINGWAY_ASSERT(fragment.conn == nullptr);
  fragment.conn = &conn;
  fragment.state = FragmentState::asked;
  fragment.request_end = conn.offered + conn.output.unsent();
  fragment.request_bytes = static_cast<std::uint32_t>(fragment.request_end - conn.queued_end);
  conn.queued_end = fragment.request_end;
  fragment.lane = static_cast<std::uint16_t>(conn.lane);
  if (conn.fifo.empty()) conn.head_sent = false;
  fragment.queued_at = parts_.now;
  fragment.queued_behind = conn.fifo.count();
  fragment.withdrawn = false;
  fragment.never_offered = false;
  fragment.overtaken = false;
  conn.fifo.join(fragment);
  ++in_flight_;
  // Checks and owed deletes have counters of their own.
  if (!fragment.exchange->internal) (*conn.link.counters)[ServerMetric::requests].add();
  (*conn.link.counters)[ServerMetric::queued].add();
  touch(conn);
}

void Servers::flush() {
  for (const ServerLink* link : std::exchange(suspects_, {})) {
    for (ServerConn* conn : link->conns) {
      if (conn && conn->fifo.first() && link->timeout) look_for_silence(*conn, *link->timeout);
    }
  }
  while (ServerConn* conn = touched_.pop_front()) {
    if (conn->state != ServerConnState::ready || !conn->output.ready()) continue;
    if (conn->greeting_in_flight) continue;
    const Bytes bytes = conn->output.begin_send(parts_.buffers);
    // From here on it owes us something, if only to take this.
    if (!conn->head_sent && conn->offered == conn->sent) conn->quiet_since = parts_.now;
    conn->offered += bytes.size();
    parts_.io.send(token(net::Op::server_send, *conn), conn->fd, {&bytes, 1});
    ++conn->ops_in_flight;
  }
}

// The reply to the greeting may be seen before its send is known to be done.
void Servers::on_greeting_sent(ServerConn& conn, std::int32_t result) {
  conn.greeting_in_flight = false;
  if (conn.state == ServerConnState::greeting && result < 0) {
    return connect_failed(conn, std::string(connection_failure(-result)));
  }
  if (conn.state == ServerConnState::ready) touch(conn);
}

void Servers::on_sent(const net::Completion& done) {
  ServerConn& conn = land(done);
  if (conn.greeting_in_flight) return on_greeting_sent(conn, done.result);
  const std::size_t count = conn.output.sent(parts_.buffers);
  if (conn.state == ServerConnState::closing) return;
  if (done.result < 0) {
    conn.ended = ended_by_peer(-done.result);
    return fail(conn, connection_failure(-done.result));
  }
  conn.sent += count;
  (*conn.link.counters)[ServerMetric::bytes_sent].add(count);
  if (!conn.head_sent && conn.fifo.first() && conn.fifo.first()->request_end <= conn.sent) {
    conn.head_sent = true;
    conn.quiet_since = parts_.now;
  }
  touch(conn);
}

void Servers::on_timer(net::Timer& timer) {
  if (timer.kind == net::TimerKind::server_preconnect) {
    return preconnect(*static_cast<ServerLink*>(timer.owner));
  }
  ServerConn& conn = *static_cast<ServerConn*>(timer.owner);
  if (conn.state == ServerConnState::closing) return;
  switch (timer.kind) {
    case net::TimerKind::server_connect: return on_connect_late(conn);
    case net::TimerKind::server_backoff: begin_connect(conn); return;
    case net::TimerKind::server_silent: return on_silent(conn);
    case net::TimerKind::server_idle: {
      if (conn.link.removed_in != 0) return fail(conn, "is not used any more", false);
      if (conn.link.watched || conn.link.preconnect) return;
      const Instant idle_at =
          conn.quiet_since + conn.link.idle_timeout.value_or(Duration::max() / 4);
      if (!conn.fifo.first() && idle_at <= parts_.now) return fail(conn, "was idle", false);
      return parts_.timers.set(conn.timer, std::max(idle_at, parts_.now + std::chrono::seconds(1)));
    }
    default: RINGWAY_ASSERT(false && "not a timer of a server connection");
  }
}

// --- Connections that are there before anybody needs them --------------------------------

// Connections that are missing are made in a later turn: whoever lost one is not done with it yet.
void Servers::preconnect_soon(ServerLink& link, Duration pause) {
  if (!link.preconnect || ending_ || link.removed_in != 0) return;
  parts_.timers.set(link.preconnect_timer, std::max(parts_.now + pause, link.retry_at));
}

// A server that is out is tried by Health alone. Whether it is back a worker sees in its next turn;
// without traffic there would be none, so it looks again after a while.
void Servers::preconnect(ServerLink& link) {
  if (!link.preconnect) return;
  if (link.standing != Standing::up) return preconnect_soon(link, preconnect_look);
  // relocate() comes here again when its name is known.
  if (!link.entry->unresolvable() && parts_.board.address(link.id).empty()) return;
  for (std::uint32_t lane = 0; lane < link.connections; ++lane) {
    if (parts_.now < link.retry_at) return preconnect_soon(link);
    if (!link.conns[lane]) open(link, lane, false);
  }
}

// Logs changes of a server's state, never single requests.
void Servers::say(const ServerLink& link, std::string_view what) {
  if (ending_) return;
  log::write_limited(link.entry->ask_to_say(parts_.now), "connections of " + link.label,
                     log::Level::warning, "server " + link.label + " " + std::string(what),
                     {.name = "server_connection",
                      .pool = link.pool,
                      .server = link.name,
                      .cause = std::string(what)});
}

void Servers::retire_all() {
  ending_ = true;
  for (const auto& link : links_) {
    if (link) parts_.timers.stop(link->preconnect_timer);
  }
  conns_.each([this](ServerConn& conn) {
    if (conn.state != ServerConnState::closing || conn.retry)
      fail(conn, "is not used any more", false);
  });
}

}  // namespace ringway::proxy
