// The guard against a file that is valid and wrong: a template that lost its servers, a route
// that leads elsewhere. It looks at what a reload would do to each pool and each listener that is
// on both sides; those that come or go as a whole are somebody's intention.
#pragma once

#include <optional>
#include <string>

#include "ringway/config/config.h"

#include "reload/difference.h"

namespace ringway::reload {

// Smaller pools change by large shares all the time. Servers that own keys.
inline constexpr std::size_t guarded_servers_min = 3;

// Why this reload is refused, and what would allow it; nothing if it may go on. More of a
// pool's keys than `after.reload.max_moved` move, or those with a tag do, of which nobody knows
// how many there are, or more than half of its servers go. Backups count nowhere.
std::optional<std::string> refusal(const Difference& difference, const config::Config& before,
                                   const config::Config& after);

}  // namespace ringway::reload
