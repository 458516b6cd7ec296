// Pieces of requests for readers of many keys: one head per server, then each key
// with a space before it, then CRLF. Whole requests are written by serialize().
#pragma once

#include <cstdint>

#include "ringway/proto/memcached/command.h"

namespace ringway::proto::memcached {

// Bytes that write_get_head() writes at most.
inline constexpr std::size_t get_head_bytes_max = 4 + 1 + 20;

// "get", "gets", "gat <exptime>" or "gats <exptime>", without a space behind.
// Returns one past the last byte.
char* write_get_head(Command command, std::int64_t exptime, char* out);

}  // namespace ringway::proto::memcached
