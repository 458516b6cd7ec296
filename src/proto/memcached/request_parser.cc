// Framing of requests: where a line ends, which form reads it, how much payload
// follows, and how much of the input a wrong request takes with it.
//
// Invariant: the outcome depends on the bytes alone, never on how they arrived.
#include <algorithm>
#include <array>
#include <cstring>

#include "ringway/base/assert.h"
#include "ringway/proto/memcached/loss.h"
#include "ringway/proto/memcached/request.h"

#include "proto/memcached/line.h"

namespace ringway::proto::memcached {
namespace {

constexpr std::size_t long_line_bytes_max = 8 * 1024 * 1024;  // Of reads, whatever keys they name.
constexpr std::size_t leading_spaces_max = 100;               // Of a line that may be longer.
constexpr std::size_t get_word_bytes_max = 64;                // "gats", exptime and some spaces.
constexpr std::uint64_t line_end_bytes = 2;                   // CRLF behind a payload.

constexpr Bytes line_too_long = "CLIENT_ERROR ringway: line too long";
constexpr Bytes bad_data_chunk = "CLIENT_ERROR bad data chunk";
constexpr Bytes too_large = "SERVER_ERROR object too large for cache";

constexpr auto forms = [] {
  using enum Command;
  std::array<Form, command_count> of{};
  const auto at = [&](Command command) -> Form& { return of[static_cast<std::size_t>(command)]; };
  for (const Command command : {get, gets}) at(command) = parse_get;
  for (const Command command : {gat, gats}) at(command) = parse_gat;
  for (const Command command : {set, add, replace, append, prepend, cas}) {
    at(command) = parse_storage;
  }
  at(delete_) = parse_delete;
  for (const Command command : {incr, decr}) at(command) = parse_arithmetic;
  at(touch) = parse_touch;
  for (const Command command : {mg, md, ma}) at(command) = parse_meta;
  at(ms) = parse_meta_set;
  at(me) = parse_meta_debug;
  for (const Command command : {mn, version, quit}) at(command) = parse_argument;
  at(verbosity) = parse_verbosity;
  at(stats) = parse_stats;
  at(flush_all) = parse_flush_all;
  return of;
}();

std::size_t leading_spaces(Bytes input) {
  return std::min(input.find_first_not_of(' '), input.size());
}

// Only reads of many keys have a reason to be long.
bool may_be_long(Bytes input) {
  const std::size_t spaces = leading_spaces(input);
  if (spaces > leading_spaces_max) return false;
  const Bytes word = input.substr(spaces, sizeof "gets " - 1);
  for (const Bytes known : {"get ", "gets ", "gat ", "gats "}) {
    if (word.starts_with(known)) return true;
  }
  return false;
}

// Whether a line of (at least) so many bytes is still read; if not, says so in `out`.
bool line_fits(Bytes input, std::size_t line_bytes, const RequestLimits& limits,
               ParsedRequest& out) {
  if (line_bytes <= line_bytes_max) return true;
  const bool may = may_be_long(input);
  const std::size_t keys_bytes_max = std::size_t{limits.keys_per_get_max} * (key_bytes_max + 1);
  const std::size_t bytes_max = std::min(keys_bytes_max + get_word_bytes_max, long_line_bytes_max);
  if (may && line_bytes - leading_spaces(input) <= bytes_max) return true;
  out.status = may ? RequestStatus::refused : RequestStatus::closed;
  out.error = may ? line_too_long : no_error;
  out.consumed = input.size();
  return false;
}

void reject(Bytes error, std::uint64_t swallow, ParsedRequest& out) {
  out.status = RequestStatus::rejected;
  out.error = out.request.noreply ? no_error : error;
  out.swallow = swallow;
}

// A line whose command nobody knows. A browser that was lured here must not get
// an answer it could take for one: its lines of HTTP close the connection.
void reject_unknown(Bytes word, Words words, ParsedRequest& out) {
  Bytes last = word;
  while (words.next(last)) continue;
  if (last.starts_with("HTTP/")) {
    out.status = RequestStatus::closed;
    return;
  }
  reject(word == "shutdown" ? Bytes("ERROR: shutdown not enabled") : plain_error, 0, out);
}

// A value too large takes the old one with it: better none than a stale one.
void reject_too_large(const Line& line, ParsedRequest& out) {
  reject(too_large, static_cast<std::uint64_t>(line.payload_bytes) + line_end_bytes, out);
  out.value_bytes = static_cast<std::uint64_t>(line.payload_bytes);
  if (line.replaces) out.unlink_key = out.request.key;
  classify(out.request);
}

// `out.consumed` is the line. The payload is never searched, only skipped.
void take_payload(Bytes input, const Line& line, ParsedRequest& out) {
  const auto payload_bytes = static_cast<std::size_t>(line.payload_bytes);
  if (payload_bytes > line.limits.value_max) return reject_too_large(line, out);
  const std::size_t total = out.consumed + payload_bytes + line_end_bytes;
  if (input.size() < total) {
    out.scanned = out.consumed - 1;
    out.needed = total;
    out.consumed = 0;
    return;
  }
  out.request.value = input.substr(out.consumed, payload_bytes);
  out.consumed = total;
  if (input.substr(total - line_end_bytes, line_end_bytes) != "\r\n") {
    return reject(bad_data_chunk, 0, out);
  }
  out.status = RequestStatus::complete;
}

void parse_line(Bytes input, Words words, const RequestLimits& limits, ParsedRequest& out) {
  Bytes word;
  if (!words.next(word)) return reject(plain_error, 0, out);
  const CommandRow* row = find_command(word);
  if (row == nullptr) return reject_unknown(word, words, out);

  out.request.command = row->command;
  Line line{.words = words, .limits = limits, .request = out.request};
  const Bytes error = forms[static_cast<std::size_t>(row->command)](line);
  if (!error.empty()) {
    const bool swallows = line.payload_bytes >= 0;
    const auto payload_bytes = static_cast<std::uint64_t>(swallows ? line.payload_bytes : 0);
    return reject(error, swallows ? payload_bytes + line_end_bytes : 0, out);
  }
  if (row->payload) {
    take_payload(input, line, out);
  } else {
    out.status = RequestStatus::complete;
  }
  if (out.status == RequestStatus::complete) classify(out.request);
}

}  // namespace

void parse_request(Bytes input, const RequestLimits& limits, ParsedRequest& out) {
  const std::size_t scanned = out.scanned;
  RINGWAY_ASSERT(scanned <= input.size());
  out = ParsedRequest{};
  const std::size_t line_bytes = input.find('\n', scanned);  // memchr.
  if (line_bytes == Bytes::npos) {
    if (line_fits(input, input.size(), limits, out)) out.scanned = input.size();
    return;
  }
  if (!line_fits(input, line_bytes, limits, out)) return;

  const char* begin = input.data();
  const char* end = begin + line_bytes;
  if (end != begin && end[-1] == '\r') --end;
  out.consumed = line_bytes + 1;
  parse_line(input, Words{begin, end}, limits, out);
}

}  // namespace ringway::proto::memcached
