// What changes in a request and its reply when a stand-in serves a key whose home is
// out: whatever is written there lives no longer than a bound, and its cas tokens are
// told apart from the home's, since both count from one and might match by accident.
// Pure: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <optional>

#include "ringway/base/bytes.h"
#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

// --- Time to live ---

struct TtlCap {
  std::int64_t ttl_max_s = 0;
  std::int64_t unix_now_s = 0;  // Times beyond 30 days are absolute.
};

// `exptime` as memcached reads it (0: for ever, negative: expired already; of more than 32
// bits the low ones), lowered; what need not be lowered stays as it was written.
std::int64_t capped(std::int64_t exptime, const TtlCap& cap);

// --- Cas tokens ---

// Clients keep tokens in signed and in floating numbers, so a marked one must be small:
//
//   a server's own c       what clients are told, h being the mark
//   below 2^44             2^52 + h * 2^44 + c: below 2^53, exact in a double
//   below 2^54             2^62 + h * 2^54 + c: positive as a signed number
//   all others             c: nothing is left to mark it with
using CasMark = std::uint8_t;
CasMark cas_mark(std::uint64_t server_hash);
std::uint64_t marked_cas(std::uint64_t cas, CasMark mark);
// The server's own token; nullopt if the token does not carry the mark.
std::optional<std::uint64_t> unmarked_cas(std::uint64_t cas, CasMark mark);
// Whether it may be of a server whose tokens are too large for a mark.
bool beyond_marks(std::uint64_t cas);

// The reply's line, its line end included, with its cas token replaced. Writes at most
// line.consumed + 20 bytes; returns one past the last. Requires: line.cas_given.
char* write_with_cas(const ReplyLine& line, std::uint64_t cas, char* out);

// --- Meta flags ---

// The flag tokens with T and N lowered, C replaced; `adds_ttl`: T is added if there is
// none. Writes at most flags.size() + stand_in_flags_bytes_max; returns one past the last.
inline constexpr std::size_t stand_in_flags_bytes_max = 96;
char* write_stand_in_flags(Bytes flags, const std::optional<TtlCap>& cap, bool adds_ttl,
                           std::uint64_t cas, char* out);

}  // namespace ringway::proto::memcached
