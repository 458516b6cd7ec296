// Bytes from servers: greeting, reply lines, bodies. Lines are parsed where they
// lie; only a line cut in two by the network is copied to be made whole. Bodies
// pass through in pieces and are never collected here.
#include <algorithm>
#include <utility>

#include "exchange/error_text.h"
#include "servers/servers.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using proto::memcached::LineStatus;
using proto::memcached::ReplyKind;
using proto::memcached::ReplyLine;

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
  conn.quiet_since = bench_.now;
  read_replies(conn, done.bytes);
}

void Servers::on_greeting(ServerConn& conn, Bytes bytes) {
  conn.input.append(bench_.buffers, bytes);
  ReplyLine line;
  switch (parse_reply_line(conn.input.bytes(), line)) {
    case LineStatus::incomplete: return;
    case LineStatus::malformed: return connect_failed(conn, "does not speak memcached");
    case LineStatus::complete: break;
  }
  if (line.kind == ReplyKind::too_many_connections) return turned_away(conn);
  const bool alive = line.kind == ReplyKind::version || proto::memcached::is_error(line.kind);
  if (!alive || line.consumed != conn.input.size()) {
    return connect_failed(conn, "does not speak memcached");
  }
  conn.input.clear(bench_.buffers);
  // It lives, and will refuse whatever it is asked: that is the operator's to mend.
  if (line.kind == ReplyKind::client_error) say(conn.link, "wants clients to log in");
  become_ready(conn);
}

void Servers::read_replies(ServerConn& conn, Bytes bytes) {
  while (!bytes.empty() && conn.state == ServerConnState::ready) {
    bytes = conn.body_left > 0 ? read_body(conn, bytes) : read_line(conn, bytes);
  }
}

// Takes one line off `bytes` (or all of them, if the line goes on) and returns
// the rest.
Bytes Servers::read_line(ServerConn& conn, Bytes bytes) {
  const bool carried = !conn.input.empty();
  std::size_t taken = bytes.size();
  Bytes text = bytes;
  if (carried) {
    const std::size_t end = bytes.find('\n');
    if (end != Bytes::npos) taken = end + 1;
    conn.input.append(bench_.buffers, bytes.substr(0, taken));
    text = conn.input.bytes();
  }
  ReplyLine line;
  switch (parse_reply_line(text, line)) {
    case LineStatus::malformed: foreign(conn, "sent something that is no reply"); return {};
    case LineStatus::incomplete:
      // Whole or not: nobody waits for it.
      if (!conn.fifo_first) return foreign(conn, "sent a reply nobody asked for"), Bytes{};
      if (!carried) conn.input.append(bench_.buffers, bytes);
      return {};
    case LineStatus::complete: break;
  }
  if (!on_line(conn, line)) return {};
  if (!carried) return bytes.substr(line.consumed);
  conn.input.clear(bench_.buffers);
  return bytes.substr(taken);
}

// False if the connection did not survive it.
bool Servers::on_line(ServerConn& conn, const ReplyLine& line) {
  Fragment* head = conn.fifo_first;
  if (!head) return foreign(conn, "sent a reply nobody asked for"), false;
  const proto::memcached::Command command = head->exchange->command;
  const bool error = proto::memcached::is_error(line.kind);
  // A server may complain before it has read the whole request, nothing else.
  const bool early = head->request_end > conn.offered;
  if (!answers(command, line.kind) || (early && !error)) {
    return foreign(conn, "sent a reply that does not fit the request"), false;
  }
  if (error) (*conn.link.counters)[ServerMetric::errors].add();
  const Verdict verdict = sink_.on_line(*head, line);
  if (verdict == Verdict::foreign) {
    return foreign(conn, "sent the reply to another request"), false;
  }
  const bool body = line.kind == ReplyKind::value || line.kind == ReplyKind::va;
  if (body) {
    conn.body_left = line.bytes + 2;
    return true;
  }
  if (verdict == Verdict::done) pop_head(conn);
  if (conn.state != ServerConnState::ready) return false;
  // What the server made of a payload it complains about is not known: it may
  // have read it as commands. SERVER_ERROR swallows it.
  const bool unsure =
      error && proto::memcached::row(command).payload && line.kind != ReplyKind::server_error;
  if (unsure || early) {
    fail(conn,
         early ? "answered before it had read the request"
               : "refused a value and may have misread it",
         false);
    return false;
  }
  return true;
}

Bytes Servers::read_body(ServerConn& conn, Bytes bytes) {
  RINGWAY_ASSERT(conn.fifo_first != nullptr);
  const std::size_t taken = std::min<std::uint64_t>(conn.body_left, bytes.size());
  const Bytes piece = bytes.substr(0, taken);
  // The last two bytes of a body are its CRLF.
  for (std::size_t i = conn.body_left > 2 ? conn.body_left - 2 : 0; i < taken; ++i) {
    if (piece[i] != (conn.body_left - i == 2 ? '\r' : '\n')) {
      foreign(conn, "sent a value that does not end where it said");
      return {};
    }
  }
  Fragment& head = *conn.fifo_first;
  sink_.on_body(head, piece);
  conn.body_left -= taken;
  if (conn.body_left == 0 && sink_.on_body_end(head) == Verdict::done) pop_head(conn);
  return bytes.substr(taken);
}

void Servers::pop_head(ServerConn& conn) {
  Fragment& head = *conn.fifo_first;
  conn.fifo_first = head.fifo_next;
  if (!conn.fifo_first) conn.fifo_last = nullptr;
  --conn.fifo_count;
  --in_flight_;
  conn.head_sent = conn.fifo_first && conn.fifo_first->request_end <= conn.sent;
  ++conn.link.replied;
  if (!std::exchange(conn.replied, true)) conn.link.backoff = Duration::zero();
  // Success is a well-framed reply in time, whatever it says; checks are none of traffic's.
  if (!head.exchange->internal) {
    if (!head.late) conn.link.entry->report_success(bench_.now);
    (*conn.link.counters)[ServerMetric::replies].add();
  } else if (head.exchange->command == proto::memcached::Command::version) {
    conn.checked = false;
  }
  (*conn.link.counters)[ServerMetric::queued].subtract();
  head.fifo_next = nullptr;
  head.conn = nullptr;
  sink_.on_answered(head);
  prefer_closed(conn);
}

void Servers::foreign(ServerConn& conn, std::string_view what) {
  (*conn.link.counters)[ServerMetric::foreign].add();
  fail(conn, what);
}

}  // namespace ringway::proxy
