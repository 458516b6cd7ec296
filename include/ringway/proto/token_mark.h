// Tokens by which clients compare (memcached's cas): of two servers both count from one, and one
// of the one might match at the other by accident. So those of a stand-in bear a mark.
//
// Clients keep tokens in signed and in floating numbers, so a marked one must be small:
//
//   a server's own c       what clients are told, h being the mark
//   below 2^44             2^52 + h * 2^44 + c: below 2^53, exact in a double
//   below 2^54             2^62 + h * 2^54 + c: positive as a signed number
//   all others             c: nothing is left to mark it with
#pragma once

#include <cstdint>
#include <optional>

namespace ringway::proto {

using TokenMark = std::uint8_t;
TokenMark token_mark(std::uint64_t server_hash);
std::uint64_t marked(std::uint64_t token, TokenMark mark);
// The server's own token; nullopt if the token does not carry the mark.
std::optional<std::uint64_t> unmarked(std::uint64_t token, TokenMark mark);
// Whether it may be of a server whose tokens are too large for a mark.
bool beyond_marks(std::uint64_t token);

}  // namespace ringway::proto
