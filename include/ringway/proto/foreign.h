// Protocols that are not memcached's text protocol, told by the first bytes of a connection.
// What would be read as commands otherwise: values of binary requests, say. HTTP is not among
// them: its lines are commands that nobody knows, and close wherever they stand.
#pragma once

#include <cstdint>
#include <string_view>

#include "ringway/base/bytes.h"

namespace ringway::proto {

enum class Protocol : std::uint8_t { text, unknown_yet, binary, tls, redis, proxy };

// `first`: all that the connection has said so far, at least one byte.
Protocol protocol_of(Bytes first);

// What an operator is told of a client that speaks it, and what may be done.
struct ForeignText {
  std::string_view name;
  std::string_view hint;
};
ForeignText text_of(Protocol foreign);

}  // namespace ringway::proto
