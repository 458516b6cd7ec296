// See reader.h. Defaults work by copying: a pool starts as what [defaults.pool]
// says, which started as what config.h says.
#include "config/reader.h"

#include <algorithm>
#include <fmt/format.h>

#include "config/cross_checks.h"
#include "config/section_reader.h"
#include "config/servers.h"
#include "config/servers_file.h"
#include "config/without_effect.h"

namespace ringway::config {
namespace {

constexpr std::size_t name_max = 128;  // Of pools, listeners and routes.

// These names become labels of metrics and parts of paths.
bool is_name(std::string_view name) {
  constexpr std::string_view chars =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  return !name.empty() && name.size() <= name_max && name.find_first_not_of(chars) == name.npos;
}

const Node no_table;

class Reader {
 public:
  Reader(const Node& root, Sources& sources, Complaints& complaints)
      : root_(root), sources_(sources), complaints_(complaints) {}

  Config read() {
    check_roots();
    single("router", config_.router);
    single("log", config_.log);
    single("metrics", config_.metrics);
    single("admin", config_.admin);
    single("reload", config_.reload);
    read_defaults();
    for_each("pool", [&](const Entry& entry) { read_pool(entry); });
    for_each("route", [&](const Entry& entry) { read_route(entry); });
    for_each("listener", [&](const Entry& entry) { read_listener(entry); });
    check_whole(config_, root_, lost_, complaints_);
    tell_without_effect(config_, root_, lost_, complaints_);
    return std::move(config_);
  }

 private:
  void check_roots() {
    static const std::vector<std::string_view> known = {"include", "router", "log",      "metrics",
                                                        "admin",   "reload", "defaults", "listener",
                                                        "pool",    "route"};
    for (const Entry& entry : root_.entries) {
      if (std::ranges::find(known, entry.key) != known.end()) continue;
      if (entry.value.kind != NodeKind::table) {
        complain_unknown(entry, "the top of the file", known, complaints_);
        continue;
      }
      complaints_.error(entry.where, fmt::format("unknown section [{}]", entry.key),
                        suggestion(entry.key, known));
      lose(nearest(entry.key, known));
    }
  }

  void lose(std::string_view section) {
    lost_.listeners = lost_.listeners || section == "listener";
    lost_.targets = lost_.targets || section == "pool" || section == "route";
  }

  template <typename T>
  void single(std::string_view name, T& into) {
    if (const Entry* entry = root_.find(name)) {
      read_section(entry->value, fmt::format("[{}]", name), into, complaints_);
      remember_places(std::string(name), entry->value);
    }
  }

  void remember_places(const std::string& section, const Node& table) {
    for (const Entry& entry : table.entries) {
      config_.places[section + "." + entry.key] = entry.value.where;
    }
  }

  template <typename F>
  void for_each(std::string_view section, F read_entry) {
    const Entry* all = root_.find(section);
    if (all == nullptr) return;
    if (all->value.kind != NodeKind::table) {
      complaints_.error(all->where, fmt::format("{} is not a table", section),
                        fmt::format("write [{}.NAME]", section));
      lose(section);
      return;
    }
    for (const Entry& entry : all->value.entries) {
      if (entry.value.kind != NodeKind::table) {
        complaints_.error(entry.where,
                          fmt::format("[{}] holds tables, not '{}'", section, entry.key),
                          fmt::format("write [{}.NAME], and the key below it", section));
        lose(section);
      } else if (!is_name(entry.key)) {
        complaints_.error(entry.where, fmt::format("'{}' cannot be a name", entry.key),
                          "letters, digits and - _ . : are fine, up to 128 of them");
        lose(section);
      } else {
        read_entry(entry);
      }
    }
  }

  void read_defaults() {
    const Entry* defaults = root_.find("defaults");
    if (defaults == nullptr) return;
    if (defaults->value.kind != NodeKind::table) {
      complaints_.error(defaults->where, "[defaults] is a table", "write [defaults.pool]");
      return;
    }
    for (const Entry& entry : defaults->value.entries) {
      if (entry.key == "pool") {
        pool_defaults_ = &entry.value;
        read_pool_keys(entry.value, "defaults.pool", default_pool_);
        refuse_default(entry.value, "servers");
        refuse_default(entry.value, "servers_file");
      } else if (entry.key == "listener") {
        listener_defaults_ = &entry.value;
        read_section(entry.value, "[defaults.listener]", default_listener_, complaints_);
        refuse_default(entry.value, "bind");
      } else {
        complaints_.error(entry.where, fmt::format("unknown section [defaults.{}]", entry.key),
                          "there are [defaults.pool] and [defaults.listener]");
      }
    }
  }

  void refuse_default(const Node& table, std::string_view key) {
    if (const Entry* entry = table.find(key)) {
      complaints_.error(entry->where, fmt::format("'{}' cannot have a default", key),
                        "addresses belong to one alone");
    }
  }

  void read_pool_keys(const Node& table, const std::string& section, Pool& pool) {
    read_section(table, "[" + section + "]", pool, complaints_);
    if (const Entry* eject = table.find("eject")) {
      read_section(eject->value, "[" + section + ".eject]", pool.eject, complaints_);
    }
    if (const Entry* health = table.find("health")) {
      read_section(health->value, "[" + section + ".health]", pool.health, complaints_);
    }
  }

  void read_pool(const Entry& entry) {
    Pool pool = default_pool_;
    pool.name = entry.key;
    pool.where = entry.where;
    const Written written{entry.value, pool_defaults_ ? *pool_defaults_ : no_table, entry.where};
    const std::size_t errors = complaints_.errors();
    read_pool_keys(entry.value, "pool." + entry.key, pool);
    // Redis is also a database: its keys do not silently change servers.
    const bool redis = pool.protocol == Protocol::redis;
    if (redis && !written.has("eject", "mode")) pool.eject.mode = EjectMode::error;
    const Entry* servers = entry.value.find("servers");
    const Entry* file = entry.value.find("servers_file");
    if (file && file->value.kind == NodeKind::text && file->value.text.empty()) file = nullptr;
    if (servers) read_servers(servers->value, pool, complaints_);
    if (file) read_servers_file(*file, pool, sources_, complaints_);
    const bool empty =
        !servers || (servers->value.kind == NodeKind::list && servers->value.items.empty());
    if (empty && !file && !servers_mistyped(entry.value)) {
      no_servers(servers ? servers->where : entry.where, pool);
    }
    const bool complete = complaints_.errors() == errors && !any_lost(entry.value);
    check_pool(pool, written, complete, complaints_);
    if (complete) tell_without_effect(pool, written, complaints_);
    config_.pools.push_back(std::move(pool));
  }

  static bool servers_mistyped(const Node& table) {
    const auto known = key_names<Pool>();
    return mistyped(table, "servers", known) || mistyped(table, "servers_file", known);
  }

  void no_servers(const Place& where, const Pool& pool) {
    complaints_.error(where, fmt::format("pool '{}' has no servers", pool.name),
                      "write servers = [\"10.0.0.1:11211\", \"10.0.0.2:11211\"]");
  }

  void read_listener(const Entry& entry) {
    Listener listener = default_listener_;
    listener.name = entry.key;
    listener.where = entry.where;
    const Written written{entry.value, listener_defaults_ ? *listener_defaults_ : no_table,
                          entry.where};
    const bool complete =
        read_section(entry.value, fmt::format("[listener.{}]", entry.key), listener, complaints_);
    check_listener(listener, written, complete, complaints_);
    tell_without_effect(listener, written, complaints_);
    remember_places("listener." + entry.key, entry.value);
    config_.listeners.push_back(std::move(listener));
  }

  void read_route(const Entry& entry) {
    Route route;
    route.name = entry.key;
    route.where = entry.where;
    read_section(entry.value, fmt::format("[route.{}]", entry.key), route, complaints_);
    complaints_.warning(entry.where,
                        fmt::format("[route.{}] is not yet supported, ignored", entry.key),
                        "let listeners name pools, and leave it out");
    const bool typed = mistyped(entry.value, "type", key_names<Route>());
    if (entry.value.find("type") == nullptr && !typed) {
      complaints_.error(entry.where, fmt::format("route '{}' has no type", entry.key),
                        "write type = \"prefix\"");
    }
    config_.routes.push_back(std::move(route));
  }

  const Node& root_;
  Sources& sources_;
  Complaints& complaints_;
  Config config_;
  Pool default_pool_;
  Listener default_listener_;
  Lost lost_;
  const Node* pool_defaults_ = nullptr;
  const Node* listener_defaults_ = nullptr;
};

}  // namespace

Config read_config(const Node& root, Sources& sources, Complaints& complaints) {
  return Reader(root, sources, complaints).read();
}

}  // namespace ringway::config
