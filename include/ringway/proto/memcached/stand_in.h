// What changes in a request and its reply when a stand-in serves a key whose home is
// out: whatever is written there lives no longer than a bound, and its cas tokens are
// told apart from the home's, since both count from one and might match by accident.
// Pure: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <optional>

#include "ringway/base/bytes.h"
#include "ringway/proto/dialect.h"
#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

using proto::TtlCap;

// --- Time to live ---

// `exptime` as memcached reads it (0: for ever, negative: expired already; of more than 32
// bits the low ones), lowered; what need not be lowered stays as it was written.
std::int64_t capped(std::int64_t exptime, const TtlCap& cap);

// --- Cas tokens ---

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
