// What a running process cannot change: threads, what they stand on, addresses for
// operators, the log's file. Those settings are told, and left as they were.
#pragma once

#include <string>
#include <vector>

#include "ringway/config/config.h"

namespace ringway::reload {

// "[router] workers", ...: in which `next` differs from the configuration that the process
// was started with.
std::vector<std::string> needing_restart(const config::Config& started, const config::Config& next);

// Gives `next` the running process's values of them.
void keep_until_restart(const config::Config& running, config::Config& next);

// The hash of what such a process makes of `written`.
std::string running_fingerprint(const config::Config& started, config::Config written);

}  // namespace ringway::reload
