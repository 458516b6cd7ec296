// See load.h: files -> tree -> variables -> Config, each step in its own file. A
// syntax error ends it; otherwise all steps run, so that every problem is told.
#include "ringway/config/load.h"

#include <cstdlib>

#include "config/complaints.h"
#include "config/document.h"
#include "config/files.h"
#include "config/reader.h"
#include "config/variables.h"

namespace ringway::config {
namespace {

Loaded from_tree(Node root, Sources sources, const Environment& environment,
                 Complaints& complaints) {
  sources.environment = environment;
  substitute_variables(root, environment, complaints);
  Config config = read_config(root, sources, complaints);
  config.file = sources.files.front();
  Loaded loaded{std::nullopt, complaints.in_order(sources.files), sources.content};
  config.files = std::move(sources.files);
  if (!complaints.any_error()) loaded.config = std::move(config);
  return loaded;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Loaded load_file(const std::string& path, const Environment& environment, MainFile kind) {
  Complaints complaints;
  Sources sources;
  sources.main = kind;
  auto root = read_files(path, sources, complaints);
  if (!root) return {std::nullopt, complaints.in_order(sources.files), sources.content};
  return from_tree(std::move(*root), std::move(sources), environment, complaints);
}

Loaded load_text(std::string_view text, const std::string& name, const Environment& environment) {
  Complaints complaints;
  auto root = parse_document(text, name);
  if (!root) return {std::nullopt, {root.error()}, 0};
  if (const Entry* include = root->find("include")) {
    complaints.error(include->where, "text cannot include files",
                     "write it into a file, and name that");
  }
  return from_tree(std::move(*root), {.files = {name}, .content = 0, .may_read = false, .main = {}},
                   environment, complaints);
}

Config placeless(Config config) {
  config.file.clear();
  config.files.clear();
  config.places.clear();
  for (Listener& listener : config.listeners) listener.where = {};
  for (Route& route : config.routes) route.where = {};
  for (Pool& pool : config.pools) {
    pool.where = {};
    for (Server& server : pool.servers) server.where = {};
  }
  return config;
}

Place place_of(const Config& config, const std::string& key) {
  const auto found = config.places.find(key);
  return found == config.places.end() ? Place{config.file, 0, 0} : found->second;
}

Problems refusals(const Config& config) {
  Problems problems;
  for (const Listener& listener : config.listeners) {
    for (const Pool& pool : config.pools) {
      if (pool.name != listener.route || pool.protocol != Protocol::redis) continue;
      problems.push_back({listener.where,
                          "listener '" + listener.name + "' is on pool '" + pool.name +
                              "', whose protocol \"redis\" is not yet supported",
                          "remove the listener, or point it at a memcached pool"});
    }
    for (const Route& route : config.routes) {
      if (route.name != listener.route) continue;
      problems.push_back({listener.where,
                          "listener '" + listener.name + "' is on route '" + route.name +
                              "', and routes are not yet supported",
                          "name a pool"});
    }
  }
  return problems;
}

}  // namespace ringway::config
