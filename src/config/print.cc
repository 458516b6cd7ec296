// Config -> TOML that loads to the same Config: the output of `check --print`. No
// variable, default or range is left in it.
#include <fmt/format.h>

#include "ringway/config/load.h"
#include "ringway/hash/hash.h"

#include "config/keys.h"

namespace ringway::config {
namespace {

template <typename T>
void print_keys(const T& from, std::string& out) {
  for (const Key<T>& key : keys<T>()) {
    if (key.print != nullptr) out += fmt::format("{} = {}\n", key.name, key.print(from));
  }
}

template <typename T>
void print_section(std::string_view header, const T& from, std::string& out) {
  out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", header);
  print_keys(from, out);
}

// Only what differs from a plain server: pools are long.
void print_server(const Server& server, std::string& out) {
  static const Server plain;
  out += "  { ";
  std::string_view comma;
  for (const Key<Server>& key : keys<Server>()) {
    const bool is_name = key.name == "name";
    const bool told = is_name ? server.name_given : key.print(server) != key.print(plain);
    if (!told) continue;
    out += fmt::format("{}{} = {}", comma, key.name, key.print(server));
    comma = ", ";
  }
  out += " },\n";
}

void print_pool(const Pool& pool, std::string& out) {
  const auto name = quoted_key(pool.name);
  print_section("pool." + name, pool, out);
  out += "servers = [\n";
  for (const Server& server : pool.servers) print_server(server, out);
  out += "]\n";
  print_section("pool." + name + ".eject", pool.eject, out);
  print_section("pool." + name + ".health", pool.health, out);
}

void print_route(const Route& route, std::string& out) {
  out += fmt::format("\n[route.{}]\n", quoted_key(route.name));
  for (const Key<Route>& key : keys<Route>()) {
    if (key.name == "default" && route.fallback.empty()) continue;
    out += fmt::format("{} = {}\n", key.name, key.print(route));
  }
}

}  // namespace

std::string printed(const Config& config) {
  std::string out;
  print_section("router", config.router, out);
  print_section("log", config.log, out);
  print_section("metrics", config.metrics, out);
  print_section("admin", config.admin, out);
  print_section("reload", config.reload, out);
  for (const Listener& listener : config.listeners) {
    print_section("listener." + quoted_key(listener.name), listener, out);
  }
  for (const Pool& pool : config.pools) print_pool(pool, out);
  for (const Route& route : config.routes) print_route(route, out);
  return out;
}

std::string fingerprint(const Config& config) {
  Config meaning = config;
  meaning.reload = {};
  const auto* xxh3 = hash::find("xxh3_64");
  return fmt::format("{:016x}", xxh3->of(printed(meaning)));
}

}  // namespace ringway::config
