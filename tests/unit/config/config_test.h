// What the tests of the configuration say often: load this text, expect that.
#pragma once

#include <doctest/doctest.h>
#include <map>
#include <string>

#include "ringway/config/load.h"

namespace ringway::config {

inline Environment no_environment() {
  return [](std::string_view) { return std::nullopt; };
}

inline Environment environment(std::map<std::string, std::string, std::less<>> variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

inline std::string all_text(const Problems& problems) {
  std::string all;
  for (const Problem& problem : problems) all += text(problem) + "\n";
  return all;
}

// Everything that is wrong with the text; "" if nothing is.
inline std::string problems(std::string_view toml) {
  return all_text(load_text(toml, "a.toml", no_environment()).problems);
}

inline Config loaded(std::string_view toml, const Environment& environment = no_environment()) {
  const Loaded result = load_text(toml, "a.toml", environment);
  INFO(all_text(result.problems));
  REQUIRE(result.config.has_value());
  return *result.config;
}

// A listener in front of a pool "web" with one server, to which `more` is added: it
// begins within [pool.web], in line 6.
inline std::string with_pool(std::string_view more) {
  return "[listener.web]\n"
         "bind = \"127.0.0.1:11311\"\n"
         "route = \"web\"\n"
         "[pool.web]\n"
         "servers = [\"10.0.0.1:11211\"]\n" +
         std::string(more);
}

// Only the servers matter.
inline std::string with_servers(std::string_view list) {
  return "[listener.web]\n"
         "bind = \"127.0.0.1:11311\"\n"
         "route = \"web\"\n"
         "[pool.web]\n"
         "servers = " +
         std::string(list) + "\n";
}

}  // namespace ringway::config
