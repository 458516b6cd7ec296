// One memcached request, parsed in place: all views point into the bytes that
// were parsed. Numbers and keys are checked here, because what memcached would
// misparse must never reach a connection that clients share.
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"
#include "ringway/proto/memcached/command.h"
#include "ringway/proto/request.h"

namespace ringway::proto::memcached {

using proto::key_bytes_max;
using proto::ParsedRequest;
using proto::Request;
using proto::RequestLimits;
using proto::RequestStatus;

// Of a line without its end, as memcached has it. Only reads of many keys may be longer.
inline constexpr std::size_t line_bytes_max = 2048;

// Parses the first request of `input`. `out.scanned` is read and written: 0 for a
// fresh start. Never reads past `input`, never allocates, accepts any bytes.
// The outcome depends on the bytes alone, not on how they arrived. `rejected` also
// covers what needs no server: its `error` may be "END" (a gat without keys).
void parse_request(Bytes input, const RequestLimits& limits, ParsedRequest& out);

// The bytes of meta flag b decoded; false if they do not decode to 1..250 bytes.
// `out` has room for key_bytes_max bytes.
bool decode_key(Bytes encoded, char* out, std::size_t& size);

// The other way. `out` has room for encoded_key_bytes_max bytes.
inline constexpr std::size_t encoded_key_bytes_max = (key_bytes_max + 2) / 3 * 4;
Bytes encode_key(Bytes key, char* out);
// Whether a key can stand in a line as it is.
bool is_plain_key(Bytes key);

// Walks the keys of a get line: `for (Bytes key; next_key(rest, key);)`.
bool next_key(Bytes& rest, Bytes& key);

// How a request is written to a server: from parsed fields only, never copied
// through; noreply and q are left out, so that every request has a reply.
// Not for the get family with several keys (see write_get_head in request_writer.h);
// commands answered locally are written as their bare name.
std::size_t serialized_bytes_max(const Request& request);
char* serialize(const Request& request, char* out);  // Returns one past the last byte.

}  // namespace ringway::proto::memcached
