// How one line looks, as text or as JSON. Keys and names that clients and files chose
// end up in lines: whatever is not printable is escaped, so that nobody can forge a
// line, move a terminal's cursor or break a reader of JSON.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "log/event.h"
#include "log/log.h"

namespace ringway::log {

using Time = std::chrono::system_clock::time_point;

struct Line {
  Time time;
  Level level;
  std::string message;
  Event event = {};
};

std::string_view name(Level level);

// "2026-03-01T09:30:00.250Z warning server web2 is ejected\n"
std::string text_line(Time time, Level level, std::string_view message);

// {"time":"2026-03-01T09:30:00.250Z","level":"warning","event":"server_ejected","pool":"web",
//  "server":"web2","message":"server web2 is ejected"}: without what the event has not.
std::string json_line(Time time, Level level, std::string_view message, const Event& event = {});

}  // namespace ringway::log
