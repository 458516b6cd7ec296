// Configurations from a few lines, for tests of what a reload decides.
#pragma once

#include <doctest/doctest.h>
#include <string>

#include "ringway/config/load.h"

namespace ringway::reload {

inline config::Config loaded(const std::string& toml) {
  const auto none = [](std::string_view) { return std::nullopt; };
  config::Loaded loaded = config::load_text(toml, "a.toml", none);
  REQUIRE(loaded.config.has_value());
  return std::move(*loaded.config);
}

inline std::string listener(const std::string& name, const std::string& binds,
                            const std::string& route = "web") {
  return "[listener." + name + "]\nbind = [" + binds + "]\nroute = \"" + route + "\"\n";
}

// Servers "10.0.0.FIRST" to "10.0.0.LAST", with these names' first letters.
inline std::string pool(const std::string& name, int first, int last,
                        const std::string& more = "") {
  std::string servers;
  for (int i = first; i <= last; ++i) {
    servers += "\"10.0.0." + std::to_string(i) + ":11211:1 s" + std::to_string(i) + "\", ";
  }
  return "[pool." + name + "]\nservers = [" + servers + "]\n" + more;
}

// One listener in front of a pool "web".
inline std::string web(int first, int last, const std::string& more = "") {
  return listener("web", "\"127.0.0.1:11311\"") + pool("web", first, last, more);
}

}  // namespace ringway::reload
