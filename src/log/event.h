// What a line is about, for machines: fields of a line of JSON beside its message. A line of
// text has its message alone. No line is without an event: whoever logs names one.
#pragma once

#include <string>
#include <string_view>

namespace ringway::log {

struct Event {
  std::string_view name;      // A constant: "server_ejected".
  std::string listener = {};  // The rest is empty where there is none.
  std::string pool = {};
  std::string server = {};
  std::string worker = {};   // Its number.
  std::string client = {};   // Who asked, of clients and of the HTTP addresses.
  std::string address = {};  // That was listened on, or was to be.
  std::string cause = {};
};

}  // namespace ringway::log
