// See without_effect.h. Of values alone only what is written where it stands, and differs from
// the default: the reference and a printed configuration write everything, and mean nothing by it.
#include "config/without_effect.h"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <set>
#include <utility>
#include <vector>

#include "ringway/config/units.h"

#include "config/address.h"
#include "config/keys.h"

namespace ringway::config {
namespace {

// Less than this is an accident for any server, and a healthy one is taken for dead.
constexpr Duration shortest_sensible = 5ms;
// The buffers that a worker begins with, and a value or two.
constexpr std::uint64_t memory_sensible = 16 * MiB;
// Each look reads every file.
constexpr Duration watch_sensible = 100ms;

using Names = std::initializer_list<std::string_view>;

template <typename T>
bool as_by_default(std::string_view name, const T& values) {
  static const T defaults;
  for (const Key<T>& key : keys<T>()) {
    if (key.name == name && key.print) return key.print(values) == key.print(defaults);
  }
  return true;
}

// `because`: "check is \"off\"".
template <typename T>
void idle(const Node* table, const T& values, Names names, std::string_view because,
          Complaints& complaints) {
  if (table == nullptr) return;
  for (const std::string_view name : names) {
    const Entry* entry = table->find(name);
    if (entry == nullptr || as_by_default(name, values)) continue;
    complaints.warning(entry->where, fmt::format("{} has no effect: {}", name, because),
                       "leave it out, or change the other");
  }
}

const Node* table_of(const Node& node, std::string_view name) {
  const Entry* entry = node.find(name);
  return entry == nullptr ? nullptr : &entry->value;
}

// --- [pool.NAME]

void tell_of_ejection(const Pool& pool, const Written& written, Complaints& complaints) {
  const Eject& eject = pool.eject;
  const Node* table = table_of(written.own, "eject");
  if (eject.failures == 0) {
    idle(table, eject,
         {"window", "max_ejected", "retry_after", "retry_max", "on_readmit", "owed_max"},
         "failures is 0, so no server is ever ejected", complaints);
  }
  if (eject.failures == 1) idle(table, eject, {"window"}, "failures is 1", complaints);
  if (eject.mode != EjectMode::backup) {
    idle(table, eject, {"then"}, "it is what mode \"backup\" does without a backup", complaints);
  }
  if (eject.mode == EjectMode::error) {
    idle(table, eject, {"ttl_max"}, "in mode \"error\" there are no stand-ins", complaints);
  }
  if (eject.on_readmit == OnReadmit::keep) {
    idle(table, eject, {"owed_max"}, "on_readmit is \"keep\", so nothing is owed", complaints);
  }
}

void tell_of_backups(const Pool& pool, const Written& written, Complaints& complaints) {
  const auto backup = std::ranges::find(pool.servers, true, &Server::backup);
  const bool used = pool.eject.mode == EjectMode::backup;
  if (backup != pool.servers.end() && !used) {
    complaints.warning(backup->where,
                       fmt::format("the backup '{}' of pool '{}' never gets a key: eject.mode is "
                                   "not \"backup\"",
                                   backup->name, pool.name),
                       fmt::format("write mode = \"backup\" in [pool.{}.eject]", pool.name));
  }
  if (backup == pool.servers.end() && used) {
    complaints.warning(written.place("eject", "mode"),
                       fmt::format("mode is \"backup\", and pool '{}' has no backup", pool.name),
                       "add { address = ..., backup = true } to its servers");
  }
}

void tell_of_connections(const Pool& pool, const Written& written, Complaints& complaints) {
  const Node* own = &written.own;
  if (pool.health.check == Check::off) {
    idle(table_of(written.own, "health"), pool.health, {"interval", "timeout", "fall", "rise"},
         "check is \"off\"", complaints);
  }
  if (pool.read_retries == 0) {
    idle(own, pool, {"retry_budget"}, "read_retries is 0", complaints);
  }
  if (!pool.tcp_keepalive) {
    idle(own, pool, {"tcp_keepalive_idle", "tcp_keepalive_interval", "tcp_keepalive_probes"},
         "tcp_keepalive is false", complaints);
  }
  if (pool.preconnect) {
    idle(own, pool, {"server_idle_timeout"}, "preconnect keeps connections", complaints);
  }
  if (pool.distribution == "random") {
    idle(own, pool, {"hash", "hash_tag"}, "distribution \"random\" hashes nothing", complaints);
  }
}

void tell_of_addresses(const Pool& pool, const Written& written, Complaints& complaints) {
  bool tcp = false;
  bool names = false;
  for (const Server& server : pool.servers) {
    const auto address = parse_address(server.address);
    tcp = tcp || (address && !address->unix_socket());
    names = names || (address && !address->unix_socket() && !address->numeric);
  }
  if (pool.servers.empty()) return;
  if (!names) {
    idle(&written.own, pool, {"dns_refresh"}, "no server has a name to look up", complaints);
  }
  if (tcp) return;
  idle(&written.own, pool,
       {"tcp_keepalive", "tcp_keepalive_idle", "tcp_keepalive_interval", "tcp_keepalive_probes",
        "tcp_user_timeout"},
       "all servers are unix sockets", complaints);
}

void tell_of_states(const Pool& pool, Complaints& complaints) {
  const auto out = [](const Server& server) {
    return server.backup || server.state != ServerState::up;
  };
  if (pool.servers.empty() || !std::ranges::all_of(pool.servers, out)) return;
  complaints.warning(
      pool.where,
      fmt::format("no server of pool '{}' takes its keys: none has state \"up\"", pool.name),
      "leave `state` out of at least one that is no backup");
}

void tell_of_short_time(std::string_view name, MaybeTime time, const Place& where,
                        Complaints& complaints) {
  if (!time || *time >= shortest_sensible) return;
  complaints.warning(
      where,
      fmt::format("{} {} is shorter than pauses of a healthy machine", name, print_duration(*time)),
      fmt::format("write at least \"{}\"", print_duration(shortest_sensible)));
}

void tell_of_times(const Pool& pool, const Written& written, Complaints& complaints) {
  tell_of_short_time("timeout", pool.timeout, written.place("timeout"), complaints);
  tell_of_short_time("connect_timeout", pool.connect_timeout, written.place("connect_timeout"),
                     complaints);
  tell_of_short_time("tcp_user_timeout", pool.tcp_user_timeout, written.place("tcp_user_timeout"),
                     complaints);
  if (pool.health.check == Check::off) return;
  tell_of_short_time("health.timeout", pool.health.timeout, written.place("health", "timeout"),
                     complaints);
}

// --- across sections

constexpr std::string_view for_unix_alone = "permissions are for unix sockets alone";

Place place_in(const Node& root, std::string_view section, std::string_view key) {
  const Node* table = table_of(root, section);
  const Entry* entry = table == nullptr ? nullptr : table->find(key);
  return entry == nullptr ? Place{root.where.file, 0, 0} : entry->value.where;
}

void tell_of_unused_pools(const Config& config, Complaints& complaints) {
  std::set<std::string_view> used;
  for (const Listener& listener : config.listeners) used.insert(listener.route);
  for (const Route& route : config.routes) {
    used.insert(route.fallback);
    used.insert(route.to.begin(), route.to.end());
    for (const auto& [prefix, to] : route.prefixes) used.insert(to);
  }
  for (const Pool& pool : config.pools) {
    if (used.contains(pool.name)) continue;
    complaints.warning(
        pool.where, fmt::format("no listener leads to pool '{}'", pool.name),
        fmt::format("write route = \"{}\" in a [listener.NAME], or take the pool out", pool.name));
  }
}

// What a listener takes, seen from this machine.
bool reaches(const HostPort& listener, const HostPort& server) {
  if (listener.unix_socket() || server.unix_socket()) return listener.path == server.path;
  if (listener.port == 0 || listener.port != server.port) return false;
  if (listener.host == server.host) return true;
  const bool local = is_loopback(server) || server.host == "localhost";
  return local && (is_wildcard(listener) || (is_loopback(listener) && server.host == "localhost"));
}

// Each server is looked at once: there may be very many.
void tell_of_own_addresses(const Config& config, Complaints& complaints) {
  std::vector<std::pair<HostPort, std::string_view>> own;
  for (const Listener& listener : config.listeners) {
    for (const std::string& bind : listener.bind) {
      if (auto address = parse_address(one_spelling(bind)))
        own.emplace_back(*address, listener.name);
    }
  }
  for (const Pool& pool : config.pools) {
    for (const Server& server : pool.servers) {
      const auto address = parse_address(server.address);
      if (!address) continue;
      for (const auto& [bind, listener] : own) {
        if (!reaches(bind, *address)) continue;
        complaints.warning(
            server.where,
            fmt::format("server '{}' of pool '{}' is this ringway's own listener '{}'",
                        server.address, pool.name, listener),
            "write the address of the server itself");
      }
    }
  }
}

void tell_of_process(const Config& config, const Node& root, Complaints& complaints) {
  const auto& memory = config.router.memory_max;
  if (memory && *memory < memory_sensible) {
    complaints.warning(place_in(root, "router", "memory_max"),
                       fmt::format("memory_max {} is less than ringway needs without any client",
                                   print_size(*memory)),
                       fmt::format("write at least \"{}\"", print_size(memory_sensible)));
  }
  const std::string& hash = config.reload.accept_moved;
  const bool is_hash = hash.size() == 16 && hash.find_first_not_of("0123456789abcdef") == hash.npos;
  if (!hash.empty() && !is_hash) {
    complaints.warning(place_in(root, "reload", "accept_moved"),
                       fmt::format("accept_moved \"{}\" is no hash, so it accepts nothing", hash),
                       "copy the sixteen digits from the refusal, or from ringway diff");
  }
  const MaybeTime watch = config.reload.watch;
  if (watch && *watch < watch_sensible) {
    complaints.warning(
        place_in(root, "reload", "watch"),
        fmt::format("watch {} reads all files that often, whether or not they change",
                    print_duration(*watch)),
        "write \"1s\": no reload has to come sooner");
  }
}

bool is_unix(const std::string& bind) {
  return bind.starts_with('/') || bind.starts_with("unix:");
}

// [metrics] or [admin].
template <typename T>
void tell_of_http(const Node* table, const T& values, Names for_any, std::string_view off,
                  Complaints& complaints) {
  if (values.bind.empty()) {
    idle(table, values, for_any, off, complaints);
  } else if (std::ranges::none_of(values.bind, is_unix)) {
    idle(table, values, {"mode", "group"}, for_unix_alone, complaints);
  }
}

}  // namespace

void tell_without_effect(const Pool& pool, const Written& written, Complaints& complaints) {
  tell_of_ejection(pool, written, complaints);
  tell_of_backups(pool, written, complaints);
  tell_of_connections(pool, written, complaints);
  tell_of_addresses(pool, written, complaints);
  tell_of_states(pool, complaints);
  tell_of_times(pool, written, complaints);
}

void tell_without_effect(const Listener& listener, const Written& written, Complaints& complaints) {
  if (!listener.bind.empty() && std::ranges::none_of(listener.bind, is_unix)) {
    idle(&written.own, listener, {"mode"}, for_unix_alone, complaints);
  }
  tell_of_short_time("idle_timeout", listener.idle_timeout, written.place("idle_timeout"),
                     complaints);
  tell_of_short_time("client_stall_timeout", listener.client_stall_timeout,
                     written.place("client_stall_timeout"), complaints);
}

void tell_without_effect(const Config& config, const Node& root, Lost lost,
                         Complaints& complaints) {
  tell_of_process(config, root, complaints);
  tell_of_http(table_of(root, "metrics"), config.metrics, {"mode", "group"},
               "the metrics address is \"off\"", complaints);
  tell_of_http(table_of(root, "admin"), config.admin, {"mode", "group", "hosts", "token_file"},
               "the admin address is \"off\"", complaints);
  if (!lost.listeners && !lost.targets && !config.listeners.empty()) {
    tell_of_unused_pools(config, complaints);
  }
  tell_of_own_addresses(config, complaints);
}

}  // namespace ringway::config
