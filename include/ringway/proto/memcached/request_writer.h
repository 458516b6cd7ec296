// Pieces of requests for readers of many keys: one head per server, then each key
// with a space before it, then CRLF. Whole requests are written by serialize().
#pragma once

#include <cstdint>

#include "ringway/proto/memcached/command.h"

namespace ringway::proto::memcached {

// Bytes that write_get_head() writes at most.
inline constexpr std::size_t get_head_bytes_max = 4 + 1 + 20;

// memcached closes a connection on which it has read more than this without a line end,
// unless the line begins with "get " or "gets ".
inline constexpr std::size_t server_line_bytes_max = 2048;

// How many bytes of keys, each with the space before it, one line to a server may hold.
std::size_t keys_bytes_max(Command command);

// "get", "gets", "gat <exptime>" or "gats <exptime>", without a space behind.
// Returns one past the last byte.
char* write_get_head(Command command, std::int64_t exptime, char* out);

}  // namespace ringway::proto::memcached
