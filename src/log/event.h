// What a line is about, for machines: fields of a line of JSON beside its message. A line of
// text has its message alone.
#pragma once

#include <string>
#include <string_view>

namespace ringway::log {

struct Event {
  std::string_view name;  // A constant: "server_ejected".
  std::string pool = {};  // The rest is empty where there is none.
  std::string server = {};
  std::string cause = {};
};

}  // namespace ringway::log
