// How one line looks, as text or as JSON. Keys and names that clients and files chose
// end up in lines: whatever is not printable is escaped, so that nobody can forge a
// line, move a terminal's cursor or break a reader of JSON.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "log/log.h"

namespace ringway::log {

using Time = std::chrono::system_clock::time_point;

std::string_view name(Level level);

// "2026-03-01T09:30:00.250Z warning server web2 is ejected\n"
std::string text_line(Time time, Level level, std::string_view message);

// {"time":"2026-03-01T09:30:00.250Z","level":"warning","message":"server web2 is ejected"}
std::string json_line(Time time, Level level, std::string_view message);

}  // namespace ringway::log
