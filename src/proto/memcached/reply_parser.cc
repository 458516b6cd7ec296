// Lines of memcached servers, read strictly: what is not exactly a reply is
// malformed, for on a connection that clients share a guess would hand one
// client's bytes to another.
#include <array>
#include <cstring>

#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

#include "proto/memcached/numbers.h"
#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

// Takes the bytes up to the next space, and that one space, from `rest`.
Bytes take_word(Bytes& rest) {
  const std::size_t space = rest.find(' ');
  const Bytes word = rest.substr(0, space);
  rest.remove_prefix(space == Bytes::npos ? rest.size() : space + 1);
  return word;
}

// Each form reads what follows the first word and one space; false: malformed.
using Form = bool (*)(Bytes rest, ReplyLine& out);

bool read_nothing(Bytes rest, ReplyLine& out) {
  return rest.empty() && !out.line.ends_with(' ');
}

bool read_text(Bytes rest, ReplyLine& out) {
  out.text = rest;
  return true;
}

bool read_error(Bytes rest, ReplyLine& out) {
  if (rest == "Too many open connections") out.kind = ReplyKind::too_many_connections;
  return read_text(rest, out);
}

bool read_body_bytes(Bytes word, ReplyLine& out) {
  return parse_number(word, out.bytes) && out.bytes <= reply_value_bytes_max;
}

bool take_space(Bytes& rest) {
  if (!rest.starts_with(' ')) return false;
  rest.remove_prefix(1);
  return true;
}

// <key> <flags> <bytes> [<cas>], in one pass: it is the most frequent line of all.
bool read_value(Bytes rest, ReplyLine& out) {
  const char* const stop = key_end(rest.data(), rest.data() + rest.size());
  out.key = rest.substr(0, static_cast<std::size_t>(stop - rest.data()));
  out.key_given = true;
  if (out.key.empty() || out.key.size() > key_bytes_max) return false;
  rest.remove_prefix(out.key.size());
  std::uint64_t flags = 0;
  if (!take_space(rest) || !take_number(rest, flags)) return false;
  if (!take_space(rest) || !take_number(rest, out.bytes)) return false;
  if (out.bytes > reply_value_bytes_max) return false;
  if (rest.empty()) return true;
  out.cas_given = true;
  return take_space(rest) && parse_number(rest, out.cas);
}

bool read_meta_flag(Bytes token, ReplyLine& out) {
  const Bytes argument = token.substr(1);
  switch (token[0]) {
    case 'b': out.base64 = true; return true;
    case 'c': out.cas_given = true; return parse_number(argument, out.cas);
    case 'k':
      if (out.key_given) return false;
      out.key_given = true;
      out.key = argument;
      return valid_key(argument);
    case 'O':
      if (out.opaque_given) return false;
      out.opaque_given = true;
      out.opaque = argument;
      return true;
    default: return true;
  }
}

// Some servers leave a space behind the last flag.
bool read_memo(Bytes rest, ReplyLine& out) {
  Words words{rest.data(), rest.data() + rest.size()};
  for (Bytes token; words.next(token);) {
    if (!printable(token) || !read_meta_flag(token, out)) return false;
  }
  return true;
}

// <bytes> <flag>*
bool read_meta_value(Bytes rest, ReplyLine& out) {
  return read_body_bytes(take_word(rest), out) && read_memo(rest, out);
}

// <key> <name>=<value>*
bool read_meta_debug(Bytes rest, ReplyLine& out) {
  out.key = take_word(rest);
  out.key_given = true;
  out.text = rest;
  return valid_key(out.key);
}

struct ReplyRow {
  Bytes word;
  ReplyKind kind;
  Form read;
};

// Looked through in this order: what is frequent stands first.
constexpr std::array reply_rows = {
    ReplyRow{"VALUE", ReplyKind::value, read_value},
    ReplyRow{"END", ReplyKind::end, read_nothing},
    ReplyRow{"STORED", ReplyKind::stored, read_nothing},
    ReplyRow{"VA", ReplyKind::va, read_meta_value},
    ReplyRow{"HD", ReplyKind::hd, read_memo},
    ReplyRow{"EN", ReplyKind::en, read_memo},
    ReplyRow{"NF", ReplyKind::nf, read_memo},
    ReplyRow{"NS", ReplyKind::ns, read_memo},
    ReplyRow{"EX", ReplyKind::ex, read_memo},
    ReplyRow{"MN", ReplyKind::mn, read_nothing},
    ReplyRow{"ME", ReplyKind::me, read_meta_debug},
    ReplyRow{"NOT_FOUND", ReplyKind::not_found, read_nothing},
    ReplyRow{"NOT_STORED", ReplyKind::not_stored, read_nothing},
    ReplyRow{"DELETED", ReplyKind::deleted, read_nothing},
    ReplyRow{"TOUCHED", ReplyKind::touched, read_nothing},
    ReplyRow{"EXISTS", ReplyKind::exists, read_nothing},
    ReplyRow{"OK", ReplyKind::ok, read_nothing},
    ReplyRow{"VERSION", ReplyKind::version, read_text},
    ReplyRow{"SERVER_ERROR", ReplyKind::server_error, read_text},
    ReplyRow{"CLIENT_ERROR", ReplyKind::client_error, read_text},
    ReplyRow{"ERROR", ReplyKind::error, read_error},
};

// The new value of incr and decr; some servers pad it with spaces.
bool read_number(Bytes line, ReplyLine& out) {
  out.kind = ReplyKind::number;
  std::uint64_t number = 0;
  const Bytes digits = line.substr(0, line.find_last_not_of(' ') + 1);
  return !digits.starts_with('-') && parse_number(digits, number);
}

bool read_line(Bytes line, ReplyLine& out) {
  Bytes rest = line;
  const Bytes word = take_word(rest);
  for (const ReplyRow& row : reply_rows) {
    if (word != row.word) continue;
    out.kind = row.kind;
    return row.read(rest, out);
  }
  return read_number(line, out);
}

// A set of reply kinds, one bit each.
using Kinds = std::uint32_t;
static_assert(static_cast<unsigned>(ReplyKind::unknown) < 32);

template <typename... Kind>
constexpr Kinds kinds(Kind... kind) {
  return (Kinds{0} | ... | (Kinds{1} << static_cast<unsigned>(kind)));
}

constexpr Kinds errors = kinds(ReplyKind::error, ReplyKind::client_error, ReplyKind::server_error);

constexpr auto answers_of = [] {
  using enum Command;
  using Reply = ReplyKind;
  std::array<Kinds, command_count> of{};
  const auto at = [&](Command command) -> Kinds& { return of[static_cast<std::size_t>(command)]; };
  for (const Command command : {get, gets, gat, gats})
    at(command) = kinds(Reply::value, Reply::end);
  for (const Command command : {set, add, replace, append, prepend}) {
    at(command) = kinds(Reply::stored, Reply::not_stored);
  }
  at(cas) = kinds(Reply::stored, Reply::not_stored, Reply::exists, Reply::not_found);
  at(delete_) = kinds(Reply::deleted, Reply::not_found);
  for (const Command command : {incr, decr}) at(command) = kinds(Reply::number, Reply::not_found);
  at(touch) = kinds(Reply::touched, Reply::not_found);
  at(mg) = kinds(Reply::va, Reply::hd, Reply::en);
  at(ms) = kinds(Reply::hd, Reply::ns, Reply::ex, Reply::nf);
  at(md) = kinds(Reply::hd, Reply::nf, Reply::ex);
  at(ma) = kinds(Reply::hd, Reply::va, Reply::nf, Reply::ns, Reply::ex, Reply::mn);
  at(me) = kinds(Reply::me, Reply::en);
  at(mn) = kinds(Reply::mn);
  at(version) = kinds(Reply::version);
  at(verbosity) = kinds(Reply::ok);
  at(flush_all) = kinds(Reply::ok);
  return of;
}();

}  // namespace

LineStatus parse_reply_line(Bytes input, ReplyLine& out) {
  out = ReplyLine{};
  const Bytes window = input.substr(0, reply_line_bytes_max);
  const std::size_t newline = window.find('\n');  // memchr.
  if (newline == Bytes::npos) {
    return input.size() < reply_line_bytes_max ? LineStatus::incomplete : LineStatus::malformed;
  }
  if (newline == 0 || input[newline - 1] != '\r') return LineStatus::malformed;
  out.line = input.substr(0, newline - 1);
  out.consumed = newline + 1;
  return read_line(out.line, out) ? LineStatus::complete : LineStatus::malformed;
}

bool answers(Command command, ReplyKind kind) {
  const Kinds may = answers_of[static_cast<std::size_t>(command)] | errors;
  return (may & kinds(kind)) != 0;
}

bool silenced_by_q(Command command, ReplyKind kind) {
  switch (command) {
    case Command::mg: return kind == ReplyKind::en;
    case Command::ms:
    case Command::md: return kind == ReplyKind::hd;
    case Command::ma: return kind == ReplyKind::hd || kind == ReplyKind::va;
    default: return false;
  }
}

bool names_key(const ReplyLine& reply, Bytes asked, bool asked_base64) {
  if (!reply.key_given) return true;
  const bool same_form = reply.kind == ReplyKind::me || reply.base64 == asked_base64;
  if (same_form && reply.key == asked) return true;

  std::array<char, key_bytes_max> decoded;
  std::size_t size = 0;
  const auto is_decoded = [&](Bytes encoded, Bytes plain) {
    return decode_key(encoded, decoded.data(), size) && Bytes(decoded.data(), size) == plain;
  };
  if (asked_base64) return !reply.base64 && is_decoded(asked, reply.key);
  // me shows an encoded key without saying so.
  const bool may_be_encoded = reply.base64 || reply.kind == ReplyKind::me;
  return may_be_encoded && is_decoded(reply.key, asked);
}

}  // namespace ringway::proto::memcached
