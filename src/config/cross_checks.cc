// See cross_checks.h. Runs also after errors, so that all are told at once; a
// check whose ingredients are missing is silent, for somebody else has complained.
#include "config/cross_checks.h"

#include <fmt/format.h>
#include <map>
#include <optional>

#include "ringway/config/units.h"

#include "config/address.h"
#include "config/nearest.h"
#include "config/section_reader.h"
#include "config/servers.h"

namespace ringway::config {
namespace {

const Entry* inner(const Node& node, std::string_view table, std::string_view key) {
  const Entry* outer = node.find(table);
  return outer == nullptr ? nullptr : outer->value.find(key);
}

Place place_in(const Node& root, std::string_view table, std::string_view key) {
  if (const Entry* entry = inner(root, table, key)) return entry->value.where;
  return root.where;
}

// Numeric or a unix path: a listener does not wait for a resolver.
std::optional<HostPort> numeric_address(const std::string& text, const Place& where,
                                        Complaints& complaints) {
  const auto address = parse_address(text.starts_with('/') ? "unix:" + text : text);
  if (!address) {
    // What is said of addresses is said for servers: only their port differs.
    auto wrong = with_hint(address.error(), "write \"127.0.0.1:11311\"");
    if (const auto port = wrong.hint.find(":11211"); port != wrong.hint.npos) {
      wrong.hint.replace(port, 6, ":11311");
    }
    complaints.error(where, "bind: " + wrong.what, wrong.hint);
  } else if (!address->unix_socket() && !address->numeric) {
    complaints.error(where, fmt::format("bind: '{}' is a name, not an address", address->host),
                     "write \"127.0.0.1\", \"0.0.0.0\" or \"[::]\" and the port");
  } else {
    return *address;
  }
  return std::nullopt;
}

// Who has taken which address so far.
class Binds {
 public:
  explicit Binds(Complaints& complaints) : complaints_(complaints) {}

  void add(const HostPort& address, const Place& where, const std::string& owner) {
    if (!address.unix_socket() && address.port == 0) return;  // The kernel chooses.
    for (const Taken& taken : taken_) {
      if (!clash(taken.address, address)) continue;
      complaints_.error(where,
                        fmt::format("{} binds the same address as {} in line {}", owner,
                                    taken.owner, taken.where.line),
                        "give one of the two another address or port");
      return;
    }
    taken_.push_back({address, where, owner});
  }

 private:
  struct Taken {
    HostPort address;
    Place where;
    std::string owner;
  };

  static bool clash(const HostPort& a, const HostPort& b) {
    if (a.path != b.path || a.port != b.port) return false;
    const auto is_ipv6 = [](const HostPort& at) { return at.host.find(':') != std::string::npos; };
    const bool one_family = is_ipv6(a) == is_ipv6(b);
    return a.host == b.host || (one_family && (is_wildcard(a) || is_wildcard(b)));
  }

  Complaints& complaints_;
  std::vector<Taken> taken_;
};

// Bounds what a client that does not read can cost (see [listener] in the reference).
void check_output(const Listener& listener, const Written& written, Complaints& complaints) {
  const std::uint64_t ask = listener.keys_per_ask * listener.value_max;
  const std::uint64_t least = listener.client_output_high + ask;
  if (listener.client_output_max >= least) return;
  const bool possible = least <= buffer_bytes_most;
  complaints.error(
      written.place("client_output_max"),
      fmt::format("client_output_max {} of listener '{}' is less than client_output_high {} + "
                  "keys_per_ask {} x value_max {}",
                  print_size(listener.client_output_max), listener.name,
                  print_size(listener.client_output_high), listener.keys_per_ask,
                  print_size(listener.value_max)),
      possible ? fmt::format("write at least \"{}\", or lower keys_per_ask", print_size(least))
               : fmt::format("lower keys_per_ask: \"{}\" is the most that can be written here",
                             print_size(buffer_bytes_most)));
}

// Told at the pool with which it becomes too much.
void check_number_of_servers(const Config& config, Complaints& complaints) {
  std::size_t servers = 0;
  for (const Pool& pool : config.pools) {
    servers += pool.servers.size();
    if (servers <= servers_max) continue;
    return complaints.error(
        pool.where,
        fmt::format("with pool '{}' there are more than {} servers", pool.name, servers_max),
        "spread the pools over several ringways");
  }
}

void check_at_most(Duration low, Duration high, std::string_view low_name,
                   std::string_view high_name, const Place& where, Complaints& complaints) {
  if (low <= high) return;
  complaints.error(where,
                   fmt::format("{} {} is more than {} {}", low_name, print_duration(low), high_name,
                               print_duration(high)),
                   fmt::format("raise {} or lower {}", high_name, low_name));
}

using Targets = std::map<std::string_view, const Place*>;

// Pools and routes share one namespace.
Targets collect_targets(const Config& config, Complaints& complaints) {
  Targets targets;
  for (const Pool& pool : config.pools) targets.emplace(pool.name, &pool.where);
  for (const Route& route : config.routes) {
    const auto [first, fresh] = targets.emplace(route.name, &route.where);
    if (fresh) continue;
    complaints.error(route.where,
                     fmt::format("a pool and a route have the name '{}', the pool in line {}",
                                 route.name, first->second->line),
                     "they share one namespace: rename one");
  }
  return targets;
}

void check_target(const std::string& name, std::string_view owner, const Place& where,
                  const Targets& targets, Complaints& complaints) {
  if (targets.contains(name) || targets.empty()) return;
  std::vector<std::string_view> known;
  for (const auto& [target, place] : targets) known.push_back(target);
  complaints.error(where, fmt::format("{} names '{}', which is no pool or route", owner, name),
                   suggestion(name, known));
}

void check_routes(const Config& config, const Targets& targets, const Node& root,
                  Complaints& complaints) {
  for (const Route& route : config.routes) {
    const Entry* table = inner(root, "route", route.name);
    const auto at = [&](std::string_view key) {
      const Entry* entry = table == nullptr ? nullptr : table->value.find(key);
      return entry == nullptr ? route.where : entry->value.where;
    };
    const auto owner = fmt::format("route '{}'", route.name);
    if (!route.fallback.empty()) {
      check_target(route.fallback, owner, at("default"), targets, complaints);
    }
    for (const auto& to : route.to) check_target(to, owner, at("to"), targets, complaints);
    for (const auto& [prefix, to] : route.prefixes) {
      check_target(to, owner, at("prefixes"), targets, complaints);
    }
  }
}

void check_listeners(const Config& config, const Targets& targets, const Node& root, Binds& binds,
                     Complaints& complaints) {
  for (const Listener& listener : config.listeners) {
    const Entry* table = inner(root, "listener", listener.name);
    const Entry* bind = table == nullptr ? nullptr : table->value.find("bind");
    const Entry* route = table == nullptr ? nullptr : table->value.find("route");
    const auto owner = fmt::format("listener '{}'", listener.name);
    if (!listener.route.empty()) {
      check_target(listener.route, owner, route ? route->value.where : listener.where, targets,
                   complaints);
    }
    for (std::size_t i = 0; i < listener.bind.size(); ++i) {
      Place where = bind ? bind->value.where : listener.where;
      if (bind && i < bind->value.items.size()) where = bind->value.items[i].where;
      if (const auto address = numeric_address(listener.bind[i], where, complaints)) {
        binds.add(*address, where, owner);
      }
    }
  }
}

// The places of what is a text or a list of them.
Place place_of(const Node& root, std::string_view section, std::string_view key, std::size_t i) {
  const Entry* entry = inner(root, section, key);
  if (entry != nullptr && i < entry->value.items.size()) return entry->value.items[i].where;
  return place_in(root, section, key);
}

void check_hosts(const Admin& admin, const Node& root, Complaints& complaints) {
  for (std::size_t i = 0; i < admin.hosts.size(); ++i) {
    const std::string& host = admin.hosts[i];
    if (!host.empty() && host.find_first_of(":/ ") == host.npos) continue;
    complaints.error(place_of(root, "admin", "hosts", i),
                     fmt::format("\"{}\" is not the name of a host", host),
                     "write the name alone, as in \"router1.prod\"");
  }
}

void check_admin(const Config& config, const Node& root, Binds& binds, Complaints& complaints) {
  for (std::size_t i = 0; i < config.metrics.bind.size(); ++i) {
    const Place where = place_of(root, "metrics", "bind", i);
    const auto address = numeric_address(config.metrics.bind[i], where, complaints);
    if (address) binds.add(*address, where, "[metrics]");
  }
  for (std::size_t i = 0; i < config.admin.bind.size(); ++i) {
    const Place where = place_of(root, "admin", "bind", i);
    const auto address = numeric_address(config.admin.bind[i], where, complaints);
    if (!address) continue;
    binds.add(*address, where, "[admin]");
    if (!is_loopback(*address) && config.admin.token_file.empty()) {
      complaints.error(where, "[admin] beyond loopback without token_file",
                       "its actions change what runs: set token_file, or bind \"127.0.0.1:9311\"");
    }
  }
  check_hosts(config.admin, root, complaints);
}

}  // namespace

bool Written::has(std::string_view table, std::string_view key) const {
  return inner(own, table, key) != nullptr || inner(defaults, table, key) != nullptr;
}

const Entry* Written::find(std::string_view key) const {
  const Entry* entry = own.find(key);
  return entry != nullptr ? entry : defaults.find(key);
}

Place Written::place(std::string_view key) const {
  const Entry* entry = find(key);
  return entry != nullptr ? entry->value.where : section;
}

Place Written::place(std::string_view table, std::string_view key) const {
  if (const Entry* entry = inner(own, table, key)) return entry->value.where;
  if (const Entry* entry = inner(defaults, table, key)) return entry->value.where;
  return section;
}

void check_pool(const Pool& pool, const Written& written, bool complete, Complaints& complaints) {
  check_servers(pool, complete, complaints);
  if (!complete) return;
  check_at_most(pool.backoff_min, pool.backoff_max, "backoff_min", "backoff_max",
                written.place("backoff_max"), complaints);
  check_at_most(pool.eject.retry_after, pool.eject.retry_max, "eject.retry_after",
                "eject.retry_max", written.place("eject", "retry_max"), complaints);
  if (pool.protocol == Protocol::redis) {
    complaints.warning(written.place("protocol"),
                       "protocol \"redis\" is not yet supported: a listener on it is refused",
                       "leave these servers to what they have now");
  }
}

void check_listener(const Listener& listener, const Written& written, bool complete,
                    Complaints& complaints) {
  // A value of the wrong type left its member empty, but was complained about already; so was a
  // key that was meant to be this one.
  const auto given = [&](std::string_view key) {
    const Entry* entry = written.find(key);
    if (entry == nullptr) {
      const bool listen = key == "bind" && written.find("listen") != nullptr;
      return listen || mistyped(written.own, key, key_names<Listener>());
    }
    return !(entry->value.text.empty() && entry->value.items.empty());
  };
  if (listener.bind.empty() && !given("bind")) {
    complaints.error(written.place("bind"),
                     fmt::format("listener '{}' has no address", listener.name),
                     "write bind = \"127.0.0.1:11311\"");
  }
  if (listener.route.empty() && !given("route")) {
    complaints.error(written.place("route"),
                     fmt::format("listener '{}' has no route", listener.name),
                     "write route = \"the name of a pool\"");
  }
  if (complete) check_output(listener, written, complaints);
}

void check_whole(const Config& config, const Node& root, Lost lost, Complaints& complaints) {
  const Place whole{root.where.file, 0, 0};
  if (config.listeners.empty() && !lost.listeners) {
    complaints.error(whole, "there is no listener",
                     "write [listener.web] with bind = \"127.0.0.1:11311\" and route = a pool");
  }
  if (config.pools.empty() && !lost.targets) {
    complaints.error(whole, "there is no pool",
                     "write [pool.web] with servers = [\"10.0.0.1:11211\"]");
  }
  check_number_of_servers(config, complaints);
  Targets targets = collect_targets(config, complaints);
  if (lost.targets) targets.clear();  // Which names there should be, nobody knows.
  Binds binds(complaints);
  check_listeners(config, targets, root, binds, complaints);
  check_routes(config, targets, root, complaints);
  check_admin(config, root, binds, complaints);
}

}  // namespace ringway::config
