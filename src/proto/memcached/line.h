// One request line on its way through the parser, between the framing
// (request_parser.cc) and the forms that read what follows the command word
// (request_classic.cc, request_meta.cc).
#pragma once

#include <cstdint>

#include "ringway/proto/memcached/request.h"

#include "proto/memcached/numbers.h"
#include "proto/memcached/words.h"

namespace ringway::proto::memcached {

struct Line {
  Words words;  // What follows the command word.
  const RequestLimits& limits;
  Request& request;                 // What the form fills in; `command` is set.
  std::int64_t payload_bytes = -1;  // Of the data block that follows; -1: none, or unknown.
  bool replaces = false;            // Stores whatever was there before: set, ms in mode S.

  // Notes the announced size even if the line turns out wrong: then so much is swallowed.
  void announce_payload(Bytes word) {
    constexpr std::int64_t payload_bytes_max = (std::int64_t{1} << 31) - 3;
    std::int64_t bytes = 0;
    if (!parse_number(word, bytes) || bytes < 0 || bytes > payload_bytes_max) return;
    payload_bytes = bytes;
  }
};

// Reads the rest of the line into `line.request`. Returns the error to answer
// (static text, without CRLF); empty: the line is valid. An error is withheld
// from a client that said noreply.
using Form = Bytes (*)(Line& line);

Bytes parse_get(Line& line);
Bytes parse_gat(Line& line);
Bytes parse_storage(Line& line);
Bytes parse_delete(Line& line);
Bytes parse_arithmetic(Line& line);
Bytes parse_touch(Line& line);
Bytes parse_verbosity(Line& line);
Bytes parse_stats(Line& line);
Bytes parse_flush_all(Line& line);
Bytes parse_argument(Line& line);  // version, quit, mn: anything goes.
Bytes parse_meta(Line& line);      // mg, md, ma.
Bytes parse_meta_set(Line& line);
Bytes parse_meta_debug(Line& line);

// The texts are memcached's own: clients match on them.
inline constexpr Bytes no_error;
inline constexpr Bytes plain_error = "ERROR";
inline constexpr Bytes bad_format = "CLIENT_ERROR bad command line format";

}  // namespace ringway::proto::memcached
