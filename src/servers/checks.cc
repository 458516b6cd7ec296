// What speaks for and against servers, as connections see it: failures, silence, signs of
// life for checks and probes, and connections that are to end when nobody needs them.
#include <algorithm>
#include <fmt/core.h>

#include "exchange/error_text.h"
#include "exchange/exchange.h"
#include "log/log.h"
#include "servers/pace.h"
#include "servers/servers.h"

namespace ringway::proxy {

using metrics::ServerMetric;

// Counts a failure. Requests refused during a back-off are none: nothing was tried.
void Servers::blame(ServerLink& link, Instant begun, std::string_view cause) {
  if (ending_ || link.standing != Standing::up) return;
  (*link.counters)[ServerMetric::failures].add();
  if (link.entry->report_failure(begun, parts_.now, link.eject, cause)) {
    parts_.homes.ask(link.home, link.id);
  }
}

// A ringway answered that it cannot do what it was asked: one server behind it may be dead, or all
// of them. The home worker asks it which.
void Servers::doubt(ServerLink& link, Instant begun) {
  if (ending_ || link.standing != Standing::up) return;
  (*link.counters)[ServerMetric::failures].add();
  if (link.entry->report_unable(begun, parts_.now, link.eject)) {
    parts_.homes.ask(link.home, link.id);
  }
}

bool Servers::owes_traffic(const ServerConn& conn) {
  for (const Fragment* fragment = conn.fifo.first(); fragment; fragment = fragment->fifo_next) {
    if (!fragment->exchange->internal) return true;
  }
  return false;
}

void Servers::blame_timeout(ServerConn& conn, Instant begun, Duration timeout) {
  blame(conn.link, begun, "timed out after " + duration_text(timeout));
}

namespace {

bool may_owe(const config::Eject& rule) {
  return rule.failures > 0 && rule.on_readmit != config::OnReadmit::keep;
}

}  // namespace

bool Servers::may_owe(pool::ServerId server) {
  return proxy::may_owe(link(server).eject);
}

void Servers::owe_if_ejected(pool::ServerId server, Bytes key) {
  ServerLink& to = link(server);
  if (proxy::may_owe(to.eject)) to.entry->owe_if_ejected(key, to.eject.owed_max);
}

bool Servers::owe(pool::ServerId server, Bytes key, bool again) {
  ServerLink& to = link(server);
  if (!proxy::may_owe(to.eject)) return false;
  if (!again) (*to.counters)[ServerMetric::owed].add();
  // The home worker pays what nobody asks for.
  if (to.entry->owe(key, to.eject.owed_max, parts_.now)) parts_.homes.ask(to.home, to.id);
  return true;
}

void Servers::lost_silently(pool::ServerId server) {
  ServerLink& to = link(server);
  (*to.counters)[ServerMetric::lost_silently].add();
  if (ending_) return;
  const auto verdict = to.entry->ask_to_say_lost(parts_.now);
  if (!verdict) return;
  log::write_limited(*verdict, "requests lost by " + to.label, log::Level::warning,
                     "server " + to.label +
                         " lost a request that had no reply: what it should have changed may be as "
                         "it was",
                     {.name = "request_lost", .pool = to.pool, .server = to.name},
                     to.entry->lost());
}

// --- Silence ------------------------------------------------------------------------

void Servers::suspect(ServerConn& conn, Duration timeout) {
  if (conn.state != ServerConnState::ready) return;
  if (!conn.head_sent && !conn.output.sending()) return;
  if (conn.quiet_since + timeout <= parts_.now) {
    const Fragment* head = conn.fifo.first();
    RINGWAY_ASSERT(head && parts_.now - head->queued_at >= timeout &&
                   "silence is of a server that was asked so long ago");
    return fail(conn, "has been silent for " + duration_text(timeout));
  }
  // Its time is not up yet, but nobody else may come to look.
  look_for_silence(conn, timeout);
}

// Not before everything that is ready was seen: if its time is up, the timer comes late,
// and is asked whose fault that is.
void Servers::look_for_silence(ServerConn& conn, Duration timeout) {
  if (conn.state != ServerConnState::ready) return;
  if (conn.timer.kind == net::TimerKind::server_silent && conn.timer.set()) return;
  const Instant at = silent_at(conn, parts_.now, timeout);
  if (conn.link.ends_at <= at) return set_idle_timer(conn);
  conn.timer.kind = net::TimerKind::server_silent;
  parts_.timers.set(conn.timer, at);
}

void Servers::forgive(ServerConn& conn, Duration timeout) {
  conn.quiet_since = parts_.now;
  suspect(conn, timeout);
}

void Servers::on_silent(ServerConn& conn) {
  const Duration late = parts_.now - conn.timer.at;
  set_idle_timer(conn);
  if (!conn.fifo.first() || !conn.link.timeout) return;
  const bool ours = late > *conn.link.timeout / 4;
  ours ? forgive(conn, *conn.link.timeout) : suspect(conn, *conn.link.timeout);
}

void Servers::set_idle_timer(ServerConn& conn) {
  if (conn.state != ServerConnState::ready) return;
  conn.timer.kind = net::TimerKind::server_idle;
  if (conn.link.removed_in != 0) return parts_.timers.set(conn.timer, conn.link.ends_at);
  parts_.timers.stop(conn.timer);
  if (!conn.link.idle_timeout || conn.link.watched || conn.link.preconnect) return;
  parts_.timers.set(conn.timer, parts_.now + *conn.link.idle_timeout);
}

// --- Requests that end connections ------------------------------------------------------

// When a ready connection ended by its server's doing with requests unanswered: says whether the
// first of them may be why, and notes the end against it and its command, which may be shunned from
// now on. A request of which nothing was sent cannot be why.
Servers::End Servers::end_at_head(ServerConn& conn) {
  ServerLink& link = conn.link;
  Fragment& head = *conn.fifo.first();
  const bool seen = head.request_end - head.request_bytes < conn.offered;
  if (!seen) return {};
  if (head.ended_on < ended_on_max) ++head.ended_on;
  const proto::CommandId command = head.exchange->command;
  if (!link.dialect->may_be_unknown(command)) return {.of_request = head.ended_on == ended_on_max};
  const KnownCommands::End end = link.commands.on_end(command);
  if (end == KnownCommands::End::of_server) return {.of_request = true};
  if (end == KnownCommands::End::once_more)
    link.commands.shun(command, parts_.now, link.backoff_min, link.backoff_max, parts_.io.random());
  return {.of_request = true, .blames = false};
}

bool Servers::shuns(pool::ServerId server, proto::CommandId command) {
  return link(server).commands.shuns(command);
}

// --- Signs of life --------------------------------------------------------------------

// With check = "tcp" a connection proves that the server lives, unless its answers have cast doubt:
// then only an answer does.
bool Servers::proves_by_connecting(const ServerLink& link) const {
  return link.tcp_check && !link.entry->in_doubt();
}

ServerConn* Servers::prove(pool::ServerId server) {
  ServerLink& to = link(server);
  ServerConn* conn = to.conns[0];
  if (!conn) {
    open(to, 0, true);
    return nullptr;
  }
  if (conn->state != ServerConnState::ready) return nullptr;
  if (!proves_by_connecting(to)) return conn;
  news_.on_proved(server);
  return nullptr;
}

bool Servers::connecting(pool::ServerId server) {
  const ServerConn* conn = link(server).conns[0];
  return conn && conn->state != ServerConnState::ready;
}

bool Servers::backs_off(pool::ServerId server) {
  return parts_.now < link(server).retry_at;
}

std::optional<Duration> Servers::silent_for(pool::ServerId server) {
  const ServerConn* conn = link(server).conns[0];
  if (!conn || conn->state != ServerConnState::ready) return std::nullopt;
  return parts_.now - conn->quiet_since;
}

void Servers::give_up_silent(pool::ServerId server, const std::string& cause) {
  // With requests of clients on it, it has failed them, too.
  fail(*link(server).conns[0], cause);
}

ServerConn* Servers::ready_connection(pool::ServerId server) {
  return ready_connection(server, 0);
}

ServerConn* Servers::ready_connection(pool::ServerId server, std::uint32_t lane) {
  ServerConn* conn = placed_connection(server, static_cast<std::uint16_t>(lane));
  return conn && conn->state == ServerConnState::ready ? conn : nullptr;
}

ServerConn* Servers::placed_connection(pool::ServerId server, std::uint16_t lane) {
  const std::vector<ServerConn*>& conns = link(server).conns;
  return lane < conns.size() ? conns[lane] : nullptr;
}

// --- How servers stand ------------------------------------------------------------------

void Servers::update_standings() {
  if (parts_.board.version() == board_version_) return;
  board_version_ = parts_.board.version();
  for (const auto& link : links_) {
    if (!link) continue;
    const Standing before = link->standing;
    link->standing = link->entry->standing();
    if (link->standing != before) wake_all(*link);
    if (before == Standing::up && link->standing != Standing::up) note_overtaken(*link);
    if (link->standing == Standing::up) {
      if (before == Standing::up) continue;
      // Its probes went well: no reason to wait for the end of an old back-off.
      link->retry_at = {};
      link->backoff.end();
      link->failing = false;
      preconnect_soon(*link);
      continue;
    }
    const std::string cause = parts_.board.cause(link->id);
    link->out_because = out_by_hand(link->standing) || link->standing == Standing::joining
                            ? cause
                            : fmt::format("is {}: it {}", word(link->standing), cause);
    if (link->standing != Standing::maintenance) continue;
    for (ServerConn* conn : link->conns) {
      if (conn) prefer_closed(*conn);
    }
  }
}

// The server goes out: what is under way to it may be done after its key was changed on a stand-in.
void Servers::note_overtaken(ServerLink& link) {
  for (ServerConn* conn : link.conns) {
    for (Fragment* one = conn ? conn->fifo.first() : nullptr; one; one = one->fifo_next)
      one->overtaken = !one->exchange->internal;
  }
}

// In maintenance, of a server that is gone, or beyond server_connections, a connection ends
// once nobody waits for it.
void Servers::prefer_closed(ServerConn& conn) {
  const ServerLink& to = conn.link;
  const bool unwanted = to.standing == Standing::maintenance || to.removed_in != 0 ||
                        conn.lane >= to.connections || to.conns[conn.lane] != &conn;
  if (!unwanted || conn.fifo.first() || conn.framing.body_left > 0) return;
  // It is to come back: this is how it proves itself.
  if (conn.probing && conn.state != ServerConnState::ready && to.removed_in == 0) return;
  if (conn.state == ServerConnState::closing) return;
  fail(conn, "is not used any more", false);
}

void Servers::relocate(pool::ServerId server) {
  const std::uint32_t index = pool::index_of(server);
  if (index >= links_.size() || !links_[index]) return;
  ServerLink& moved = *links_[index];
  moved.retry_at = {};
  wake_all(moved);
  for (ServerConn*& place : moved.conns) {
    if (!place || place->state == ServerConnState::closing) continue;
    ServerConn& conn = *place;
    if (conn.awaits_name) {
      begin_connect(conn);
      continue;
    }
    // Of one that is out, what is under way is probes and what is owed: meant for where it is.
    // What only ringway itself asked there has no deadline, and nobody would look after it.
    const bool needed = conn.state == ServerConnState::ready && owes_traffic(conn);
    if (!needed || moved.entry->standing() != Standing::up) {
      fail(conn, "moved to another address", false);
      continue;
    }
    place = nullptr;
  }
  preconnect_soon(moved);
}

}  // namespace ringway::proxy
