// What a reload changes, in one line for the log: sections, pools, servers, and the share
// of each pool's keys that moves.
#pragma once

#include <string>
#include <vector>

#include "reload/difference.h"

namespace ringway::reload {

// `restart`: settings that wait for a restart. "pool web: 1 server added, 12.3% of the
// keys move; pool old removed; listener web: timeout"
std::string change_summary(const Difference& difference, const std::vector<std::string>& restart);

}  // namespace ringway::reload
