// The `servers` of a pool: twemproxy's string or a table, ranges expanded, names
// settled. Knows nothing of resolving or of rings.
#pragma once

#include <cstdint>

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

// float32, in which twemproxy's ketama counts, is exact up to here; the weights of a
// whole pool together stay below it.
inline constexpr std::int64_t weight_max = 1 << 24;

// Appends to pool.servers; what is wrong goes to complaints.
void read_servers(const Node& list, Pool& pool, Complaints& complaints);

// What two servers may not share, and what a pool must have, if all of it was read.
void check_servers(const Pool& pool, bool complete, Complaints& complaints);

}  // namespace ringway::config
