// What memcached servers say, line by line. A reply is one line, or VALUE blocks
// closed by END, or a meta VA line with its block. Bodies are never parsed here:
// the line says how many bytes follow (and CRLF after them).
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"
#include "ringway/proto/memcached/command.h"

namespace ringway::proto::memcached {

enum class ReplyKind : std::uint8_t {
  value,
  end,
  stored,
  not_stored,
  exists,
  not_found,
  deleted,
  touched,
  number,
  ok,
  version,
  hd,
  va,
  en,
  nf,
  ns,
  ex,
  mn,
  me,
  error,
  client_error,
  server_error,
  too_many_connections,  // "ERROR Too many open connections": not a reply, a refusal.
  unknown,
};

struct ReplyLine {
  ReplyKind kind = ReplyKind::unknown;
  std::size_t consumed = 0;  // The line with its line end.
  Bytes line;                // Without the line end.
  Bytes key;                 // VALUE: its key; meta: the k flag's token, if there.
  Bytes opaque;              // Meta: the O flag's token, if there.
  bool key_given = false;
  bool opaque_given = false;
  bool base64 = false;  // Meta: the returned key is encoded.
  bool cas_given = false;
  std::uint64_t bytes = 0;  // value, va: size of the body, CRLF not counted.
  std::uint64_t cas = 0;
  Bytes text;  // error kinds: what follows the word.
};

enum class LineStatus : std::uint8_t { incomplete, complete, malformed };

inline constexpr std::size_t reply_line_bytes_max = 8192;
inline constexpr std::uint64_t reply_value_bytes_max = 1ull << 30;  // memcached's own limit.

// The first line of `input`. malformed: not a memcached reply line, or longer
// than reply_line_bytes_max.
LineStatus parse_reply_line(Bytes input, ReplyLine& out);

// Whether `kind` can be an answer to `command` at all (errors always can).
bool answers(Command command, ReplyKind kind);

constexpr bool is_error(ReplyKind kind) {
  return kind == ReplyKind::error || kind == ReplyKind::client_error ||
         kind == ReplyKind::server_error;
}

// A ringway says that it could not do what it was asked: "SERVER_ERROR ringway: server web2 ...".
inline bool is_of_ringway(const ReplyLine& line) {
  return line.kind == ReplyKind::server_error && line.text.starts_with("ringway: ");
}

// Whether a reply is kept from a client that asked quietly: mg hides EN, ms and md
// hide HD, ma hides HD and VA; everything else is told.
bool silenced_by_q(Command command, ReplyKind kind);

// Whether the key a reply carries, if any, is the one that was asked. A server
// returns a key in the form in which it was stored, whatever form the request had:
// `asked` is as written by the client, `asked_base64` its flag b.
bool names_key(const ReplyLine& reply, Bytes asked, bool asked_base64);

}  // namespace ringway::proto::memcached
