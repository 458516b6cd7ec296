// Replies of memcached servers as pieces: whether a line can be the answer to that request, what
// came of it, and what its client hears. On a connection that clients share a guess would hand one
// client's bytes to another, so whatever does not fit to the letter is foreign.
#include <algorithm>
#include <array>

#include "ringway/base/assert.h"
#include "ringway/proto/memcached/loss.h"
#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/stand_in.h"

#include "proto/memcached/asked_flags.h"
#include "proto/memcached/dialect.h"

namespace ringway::proto::memcached {
namespace {

constexpr Bytes no_reply = "sent something that is no reply";
constexpr Bytes does_not_fit = "sent a reply that does not fit the request";
constexpr Bytes of_another = "sent the reply to another request";

// What the first word of a line says by itself.
struct KindRow {
  Outcome outcome = Outcome::good;
  bool error = false;
  bool has_body = false;
  bool older_remains = false;
};

constexpr auto kind_rows = [] {
  std::array<KindRow, static_cast<std::size_t>(ReplyKind::unknown) + 1> rows{};
  const auto at = [&](ReplyKind kind) -> KindRow& { return rows[static_cast<std::size_t>(kind)]; };
  for (const ReplyKind kind : {ReplyKind::end, ReplyKind::en, ReplyKind::nf, ReplyKind::not_found})
    at(kind).outcome = Outcome::miss;
  for (const ReplyKind kind :
       {ReplyKind::not_stored, ReplyKind::exists, ReplyKind::ns, ReplyKind::ex})
    at(kind).outcome = Outcome::declined;
  for (const ReplyKind kind : {ReplyKind::error, ReplyKind::client_error})
    at(kind).outcome = Outcome::refused;
  at(ReplyKind::server_error).outcome = Outcome::failed;
  for (const ReplyKind kind : {ReplyKind::value, ReplyKind::va}) at(kind).has_body = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].error = is_error(static_cast<ReplyKind>(i));
    rows[i].older_remains = !leaves_nothing_older(static_cast<ReplyKind>(i));
  }
  return rows;
}();

// What a reply names must be what was asked, and what was asked to be named must be.
// (Servers before 1.6.10 or so name nothing in a miss: EN alone is taken, whatever was asked.)
bool is_meta_reply_to(Command command, Bytes key, const AskedFlags& flags, const ReplyLine& line) {
  if (!names_key(line, key, flags.base64)) return false;
  if (line.opaque_given && line.opaque != flags.opaque) return false;
  // ME always names its key, every other reply only where it was asked to.
  if (line.key_given && !flags.wants_key && line.kind != ReplyKind::me) return false;
  if (line.kind == ReplyKind::en || is_error(line.kind)) return true;
  // A value comes where it was asked for, and nowhere else.
  if (line.kind == ReplyKind::va && !flags.wants_value) return false;
  const bool gives_values = command == Command::mg || command == Command::ma;
  if (line.kind == ReplyKind::hd && flags.wants_value && gives_values) return false;
  return (line.opaque_given || flags.opaque.empty()) && (line.key_given || !flags.wants_key);
}

void foreign(Bytes what, Piece& out) {
  out.is = Piece::Is::foreign;
  out.wrong = what;
}

// A reply of classic commands is a line, or values and END behind them.
void judge_classic(Framing& framing, const Asked& asked, const ReplyLine& line, Piece& out) {
  const bool again = out.has_body && framing.begun;
  const bool fits = asked.gathered || (names_key(line, asked.key, false) && !again);
  if (!fits) return foreign(of_another, out);
  out.last = !out.has_body;
  // END says that nothing was found where no value came before it.
  if (line.kind == ReplyKind::end && framing.begun) out.outcome = Outcome::good;
  framing.begun = true;
}

// Of an ma that is silent unless it creates its item the mn behind it says that it is done.
void judge_meta(Framing& framing, const Asked& asked, const ReplyLine& line, Piece& out) {
  const Command command = asked.command;
  const AskedFlags flags(asked.memo);
  const bool fenced = command == Command::ma && flags.vivifies && flags.quiet;
  if (line.kind == ReplyKind::mn) {
    if (!fenced) return foreign(of_another, out);
    out.told = {};
    out.last = true;
    return;
  }
  const bool once = fenced || out.has_body;
  const bool fits = is_meta_reply_to(command, asked.key, flags, line);
  if (!fits || (once && framing.begun)) return foreign(of_another, out);
  if (flags.quiet && !fenced && silenced_by_q(command, line.kind)) out.told = {};
  framing.begun = true;
  framing.ends = out.has_body && !fenced;
  out.last = !fenced && !out.has_body;
}

}  // namespace

Greeted greeted(Bytes input, Bytes& says) {
  ReplyLine line;
  switch (parse_reply_line(input, line)) {
    case LineStatus::incomplete: return Greeted::more;
    case LineStatus::malformed: return Greeted::another;
    case LineStatus::complete: break;
  }
  if (line.kind == ReplyKind::too_many_connections) return Greeted::turned_away;
  if (is_of_ringway(line)) {
    says = line.text;
    return line.text.ends_with(too_many_clients) ? Greeted::turned_away : Greeted::unable;
  }
  const bool alive = line.kind == ReplyKind::version || is_error(line.kind);
  if (!alive || line.consumed != input.size()) return Greeted::another;
  if (line.kind == ReplyKind::client_error) return Greeted::wants_login;
  const bool ringway = line.text.find(" ringway-") != Bytes::npos;
  return ringway ? Greeted::as_ringway : Greeted::ready;
}

// Told once in a while, by a stand-in: read again rather than kept.
char* write_marked(Bytes told, TokenMark mark, char* out) {
  ReplyLine line;
  const LineStatus status = parse_reply_line(told, line);
  RINGWAY_ASSERT(status == LineStatus::complete && line.cas_given);
  return write_with_cas(line, marked(line.cas, mark), out);
}

void next_piece(Framing& framing, Bytes input, const Asked& asked, Piece& out) {
  ReplyLine line;
  switch (parse_reply_line(input, line)) {
    case LineStatus::incomplete: return;
    case LineStatus::malformed: return foreign(no_reply, out);
    case LineStatus::complete: break;
  }
  const KindRow& kind = kind_rows[static_cast<std::size_t>(line.kind)];
  out.is = Piece::Is::head;
  out.consumed = line.consumed;
  out.outcome = kind.outcome;
  if (!answers(asked.command, line.kind)) return foreign(does_not_fit, out);
  const CommandRow& command = row(asked.command);
  out.has_body = kind.has_body;
  out.older_remains = kind.older_remains;
  // What the server made of a payload it complains about is not known: it may have read it as
  // commands. SERVER_ERROR swallows it.
  out.unsure = kind.error && command.payload && line.kind != ReplyKind::server_error;
  out.key = line.key;
  // Whoever has found some of several keys is able.
  if (is_of_ringway(line) && !framing.begun) [[unlikely]]
    out.unable = line.text;
  out.token_given = line.cas_given;
  out.told = {line.line.data(), line.consumed};
  out.value_bytes = line.bytes;
  if (command.meta) [[unlikely]]
    judge_meta(framing, asked, line, out);
  else
    judge_classic(framing, asked, line, out);
  if (out.has_body) framing.body_left = line.bytes + Piece::line_end_bytes;
  if (out.last) framing = {};
}

}  // namespace ringway::proto::memcached
