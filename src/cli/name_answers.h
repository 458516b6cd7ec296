// The addresses of many names at once, for commands that end: a name server that is silent
// costs its seconds once and not for each name.
#pragma once

#include <map>
#include <string>

#include "net/resolver.h"

namespace ringway::cli {

inline constexpr std::size_t lookups_at_once_max = 256;  // Threads.

// Fills in the answer to each "host:port".
void look_all_up(std::map<std::string, net::Answer>& answers);

}  // namespace ringway::cli
