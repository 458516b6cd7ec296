// Bytes from servers: the answer to the greeting, and replies, whose heads their dialect reads
// where they lie. Bodies pass through in pieces and are never collected here.
#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "exchange/error_text.h"
#include "servers/servers.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using proto::Piece;

void Servers::on_received(const net::Completion& done) {
  ServerConn& conn = land(done);
  if (conn.state == ServerConnState::closing) return;
  if (done.result <= 0) {
    const std::string what{connection_failure(-done.result)};
    if (conn.state == ServerConnState::greeting) return connect_failed(conn, what);
    conn.ended = ended_by_peer(-done.result);
    return fail(conn, what);
  }
  (*conn.link.counters)[ServerMetric::bytes_read].add(done.bytes.size());
  if (conn.state == ServerConnState::greeting) return on_greeting(conn, done.bytes);
  conn.quiet_since = parts_.now;
  read_replies(conn, done.bytes);
}

void Servers::on_greeting(ServerConn& conn, Bytes bytes) {
  conn.input.append(parts_.buffers, bytes);
  using proto::Greeted;
  Bytes says;
  const Greeted greeted = conn.link.dialect->greeted(conn.input.bytes(), says);
  if (greeted == Greeted::more) return;
  if (greeted == Greeted::turned_away) return turned_away(conn);
  // It is there, and says that it can do nothing for us.
  if (greeted == Greeted::unable) return connect_failed(conn, said(says));
  if (greeted == Greeted::another) {
    return connect_failed(conn, fmt::format("does not speak {}", conn.link.dialect->name));
  }
  conn.link.entry->set_ringway(greeted == Greeted::as_ringway);
  conn.input.clear(parts_.buffers);
  // It lives, and will refuse whatever it is asked: that is the operator's to mend.
  if (greeted == Greeted::wants_login) say(conn.link, "wants clients to log in");
  become_ready(conn);
}

void Servers::read_replies(ServerConn& conn, Bytes bytes) {
  while (!bytes.empty() && conn.state == ServerConnState::ready) {
    bytes = conn.framing.body_left > 0 ? read_body(conn, bytes) : read_head(conn, bytes);
  }
}

// Takes one head off `bytes` (or all of them, if it goes on) and returns the rest. The heads of
// all protocols are lines: only one that was cut in two is copied to be made whole.
Bytes Servers::read_head(ServerConn& conn, Bytes bytes) {
  Fragment* waiting = conn.fifo.first();
  if (!waiting) return foreign(conn, "sent a reply nobody asked for"), Bytes{};
  const bool carried = !conn.input.empty();
  std::size_t taken = bytes.size();
  Bytes input = bytes;
  if (carried) {
    const std::size_t end = bytes.find('\n');
    if (end != Bytes::npos) taken = end + 1;
    conn.input.append(parts_.buffers, bytes.substr(0, taken));
    input = conn.input.bytes();
  }
  Piece head;
  conn.link.dialect->next(conn.framing, input, waiting->exchange->asked(), head);
  if (head.is == Piece::Is::incomplete) {
    if (!carried) conn.input.append(parts_.buffers, bytes);
    return {};
  }
  if (!take_head(conn, *waiting, head)) return {};
  if (!carried) return bytes.substr(head.consumed);
  conn.input.clear(parts_.buffers);
  return bytes.substr(taken);
}

// False if the connection did not survive it.
bool Servers::take_head(ServerConn& conn, Fragment& fragment, const Piece& head) {
  const bool error = is_error(head.outcome);
  // A server may complain before it has read the whole request, nothing else.
  const bool early = fragment.request_end > conn.offered;
  if (error) (*conn.link.counters)[ServerMetric::errors].add();
  if (head.is == Piece::Is::foreign) return foreign(conn, head.wrong), false;
  if (early && !error) {
    return foreign(conn, "sent a reply that does not fit the request"), false;
  }
  fragment.unable = !head.unable.empty();
  if (fragment.unable && fragment.exchange->internal) conn.link.says = said(head.unable);
  if (!proxy::on_head(executor_, fragment, head)) {
    return foreign(conn, "sent the reply to another request"), false;
  }
  if (head.last) pop_head(conn);
  if (conn.state != ServerConnState::ready) return false;
  if (!head.unsure && !early) return true;
  fail(
      conn,
      early ? "answered before it had read the request" : "refused a value and may have misread it",
      false);
  return false;
}

Bytes Servers::read_body(ServerConn& conn, Bytes bytes) {
  RINGWAY_ASSERT(conn.fifo.first() != nullptr);
  proto::Framing& framing = conn.framing;
  const std::uint64_t left = framing.body_left;
  const std::size_t taken = std::min<std::uint64_t>(left, bytes.size());
  const Bytes piece = bytes.substr(0, taken);
  // The last two bytes of a body are its line end.
  for (std::size_t i = left > 2 ? left - 2 : 0; i < taken; ++i) {
    if (piece[i] != (left - i == 2 ? '\r' : '\n')) {
      foreign(conn, "sent a value that does not end where it said");
      return {};
    }
  }
  Fragment& fragment = *conn.fifo.first();
  proxy::on_body(executor_, fragment, piece);
  framing.body_left -= taken;
  if (framing.body_left > 0) return {};
  proxy::on_body_end(executor_, fragment);
  if (framing.ends) {
    framing = {};
    pop_head(conn);
  }
  return bytes.substr(taken);
}

void Servers::pop_head(ServerConn& conn) {
  Fragment& head = leave_fifo(conn, nullptr);
  conn.head_sent = conn.fifo.first() && conn.fifo.first()->request_end <= conn.sent;
  ++conn.link.replied;
  if (!std::exchange(conn.replied, true)) conn.link.backoff.end();
  conn.link.commands.on_answered(head.exchange->command);
  // Success is a well-framed reply in time, whatever it says, unless a ringway says that it has
  // none itself; checks are none of traffic's.
  if (!head.exchange->internal) {
    if (head.unable) [[unlikely]]
      doubt(conn.link, head.queued_at);
    else if (!head.late)
      conn.link.entry->report_success(parts_.now);
    (*conn.link.counters)[ServerMetric::replies].add();
  } else if (head.exchange->check) {
    conn.checked = false;
  }
  proxy::on_answered(executor_, head);
  prefer_closed(conn);
}

void Servers::foreign(ServerConn& conn, std::string_view what) {
  (*conn.link.counters)[ServerMetric::foreign].add();
  fail(conn, what);
}

}  // namespace ringway::proxy
