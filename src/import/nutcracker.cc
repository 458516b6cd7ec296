// See nutcracker.h. yaml-cpp throws; it ends here. Unknown keys are only warned about:
// they come from forks, and what twemproxy itself knows decides where keys live.
#include "import/nutcracker.h"

#include <algorithm>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace ringway::cli {
namespace {

constexpr std::string_view known_keys[] = {"listen",
                                           "hash",
                                           "hash_tag",
                                           "distribution",
                                           "timeout",
                                           "backlog",
                                           "client_connections",
                                           "redis",
                                           "tcpkeepalive",
                                           "reuseport",
                                           "redis_auth",
                                           "redis_db",
                                           "preconnect",
                                           "auto_eject_hosts",
                                           "server_connections",
                                           "server_retry_timeout",
                                           "server_failure_limit"};

class YamlReader {
 public:
  YamlReader(const std::string& name, config::Complaints& complaints)
      : name_(name), complaints_(complaints) {}

  std::vector<NutcrackerPool> pools(const YAML::Node& root) {
    std::vector<NutcrackerPool> all;
    if (!root.IsMap()) {
      complaints_.error({name_, 1, 1}, "this is no twemproxy configuration",
                        "it is a table of pools, each with listen and servers");
      return all;
    }
    for (const auto& entry : root) {
      const auto where = place(entry.first);
      NutcrackerPool pool{entry.first.Scalar(), where, {}, {}, {}};
      if (entry.second.IsMap()) {
        for (const auto& value : entry.second) add(value.first, value.second, pool);
        all.push_back(std::move(pool));
      } else {
        complaints_.error(where, fmt::format("pool '{}' is no table", pool.name),
                          "write listen, servers and the like below it, two spaces further in");
      }
    }
    return all;
  }

 private:
  config::Place place(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) return {name_, 0, 0};
    return {name_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
  }

  void add(const YAML::Node& key, const YAML::Node& value, NutcrackerPool& pool) {
    const std::string& name = key.Scalar();
    if (name == "servers") return add_servers(value, pool);
    if (std::ranges::find(known_keys, name) == std::end(known_keys)) {
      complaints_.add({place(key), fmt::format("unknown key '{}', not imported", name),
                       "no twemproxy has it", config::Severity::warning});
      pool.unknown.push_back(name);
      return;
    }
    if (!value.IsScalar()) {
      complaints_.error(place(key), fmt::format("'{}' has no plain value", name),
                        "write one word or number behind it");
      return;
    }
    if (!pool.values.emplace(name, NutcrackerValue{value.Scalar(), place(value)}).second) {
      complaints_.error(place(key), fmt::format("'{}' is set twice", name), "keep one of the two");
    }
  }

  void add_servers(const YAML::Node& list, NutcrackerPool& pool) {
    if (!list.IsSequence()) {
      complaints_.error(place(list), fmt::format("servers of pool '{}' are no list", pool.name),
                        "write one to a line: - host:port:weight name");
      return;
    }
    for (const auto& server : list) {
      if (server.IsScalar()) {
        pool.servers.push_back({server.Scalar(), place(server)});
      } else {
        complaints_.error(place(server), "this is no server", "write host:port:weight name");
      }
    }
  }

  const std::string& name_;
  config::Complaints& complaints_;
};

}  // namespace

std::vector<NutcrackerPool> read_nutcracker(const std::string& text, const std::string& name,
                                            config::Complaints& complaints) {
  try {
    return YamlReader(name, complaints).pools(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    complaints.error({name, placed ? static_cast<std::uint32_t>(error.mark.line + 1) : 0,
                      placed ? static_cast<std::uint32_t>(error.mark.column + 1) : 0},
                     error.msg, "mend the YAML there: often it is how far a line is set in");
    return {};
  }
}

}  // namespace ringway::cli
