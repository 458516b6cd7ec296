// See import.h. Each pool becomes a listener and a pool of its name. Wherever the two
// programs' defaults differ in what a client could notice, twemproxy's is written out.
#include "cli/import.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "ringway/ring/server_name.h"

#include "cli/nutcracker.h"
#include "config/address.h"
#include "config/complaints.h"
#include "config/values.h"

namespace ringway::cli {
namespace {

using config::quoted;

constexpr std::string_view name_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";

std::string usable_name(std::string name) {
  for (char& c : name) {
    if (name_chars.find(c) == name_chars.npos) c = '-';
  }
  return name;
}

// twemproxy splits host and port at the last colon, so that "::1:11211" works there.
std::string in_brackets(std::string_view host_port) {
  const auto colon = host_port.rfind(':');
  if (colon == host_port.npos) return std::string(host_port);
  const auto host = host_port.substr(0, colon);
  if (host.find(':') == host.npos || host.starts_with('[')) return std::string(host_port);
  return fmt::format("[{}]{}", host, host_port.substr(colon));
}

// One pool on its way into TOML.
class PoolImport {
 public:
  PoolImport(const NutcrackerPool& pool, config::Complaints& complaints)
      : pool_(pool), complaints_(complaints), name_(usable_name(pool.name)) {}

  std::string toml() {
    listener();
    add("\n[pool.{}]\n", config::quoted_key(name_));
    if (name_ != pool_.name) comment(fmt::format("in twemproxy: {}", quoted(pool_.name)));
    keys();
    connections();
    servers();
    ejection();
    leftovers();
    return out_;
  }

  const std::string& name() const { return name_; }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...);
  }

  void comment(std::string_view text) { out_ += fmt::format("# {}\n", text); }

  const NutcrackerValue* find(std::string_view key) const {
    const auto found = pool_.values.find(key);
    return found == pool_.values.end() ? nullptr : &found->second;
  }

  std::string text(std::string_view key, std::string_view fallback) const {
    const auto* value = find(key);
    return value == nullptr ? std::string(fallback) : value->text;
  }

  std::optional<std::int64_t> number(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    std::int64_t result = 0;
    const char* end = value->text.data() + value->text.size();
    const auto parsed = std::from_chars(value->text.data(), end, result);
    if (parsed.ec == std::errc() && parsed.ptr == end && result >= 0) return result;
    complaints_.error(value->where, fmt::format("{}: \"{}\" is no number", key, value->text));
    return std::nullopt;
  }

  bool truth(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr || value->text == "false") return false;
    if (value->text != "true") {
      complaints_.error(value->where,
                        fmt::format("{}: \"{}\" is neither true nor false", key, value->text));
    }
    return true;
  }

  void listener() {
    add("\n[listener.{}]\n", config::quoted_key(name_));
    const auto* listen = find("listen");
    if (listen == nullptr) {
      complaints_.error(pool_.where, fmt::format("pool '{}' has no listen", pool_.name));
    } else if (listen->text.starts_with('/')) {
      unix_listener(*listen);
    } else {
      tcp_listener(*listen);
    }
    add("route = {}\n", quoted(name_));
    if (const auto backlog = number("backlog"))
      add("backlog = {}\n", std::max<std::int64_t>(*backlog, 1));
  }

  // "/path" or "/path 0660".
  void unix_listener(const NutcrackerValue& listen) {
    const auto space = listen.text.find(' ');
    add("bind = {}\n", quoted("unix:" + listen.text.substr(0, space)));
    if (space == std::string::npos) return;
    const auto digits = listen.text.substr(space + 1);
    unsigned mode = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, mode, 8);
    if (parsed.ec != std::errc() || parsed.ptr != end || mode > 0777) {
      complaints_.error(listen.where, fmt::format("\"{}\" are no permissions", digits));
    } else if (mode != 0) {  // There, 0 leaves them to the umask.
      add("mode = \"{:04o}\"\n", mode);
    }
  }

  void tcp_listener(const NutcrackerValue& listen) {
    std::string bind = in_brackets(listen.text);
    if (bind.starts_with("localhost:")) bind = "127.0.0.1" + bind.substr(bind.find(':'));
    const auto address = config::parse_address(bind);
    if (!address) {
      complaints_.error(listen.where, "listen: " + address.error());
    } else if (!address->numeric) {
      complaints_.error(listen.where, fmt::format("listen: '{}' is a name", address->host),
                        "write the address that it stands for");
    }
    add("bind = {}\n", quoted(bind));
  }

  void keys() {
    if (truth("redis")) add("protocol = \"redis\"\n");
    add("hash = {}\n", quoted(text("hash", "fnv1a_64")));
    add("distribution = {}\n", quoted(text("distribution", "ketama")));
    if (const auto* tag = find("hash_tag")) add("hash_tag = {}\n", quoted(tag->text));
    if (const auto* password = find("redis_auth")) {
      comment("redis_auth; ringway refuses it until it speaks redis, as it does this pool:");
      comment(fmt::format("password = {}", quoted(password->text)));
    }
    if (const auto database = number("redis_db")) add("database = {}\n", *database);
  }

  void connections() {
    const auto timeout = number("timeout").value_or(0);
    if (timeout == 0) comment("twemproxy waits for ever; \"500ms\" would be kinder");
    add("timeout = {}\n", timeout == 0 ? quoted("off") : quoted(fmt::format("{}ms", timeout)));
    if (const auto count = number("server_connections")) add("server_connections = {}\n", *count);
    if (find("preconnect") != nullptr) add("preconnect = {}\n", truth("preconnect"));
    if (find("tcpkeepalive") != nullptr) {
      comment("twemproxy: tcpkeepalive, of clients; here it is about connections to servers");
      add("tcp_keepalive = {}\n", truth("tcpkeepalive"));
    }
  }

  void servers() {
    add("servers = [\n");
    for (const NutcrackerValue& server : pool_.servers) add_server(server);
    add("]\n");
  }

  // "host:port:weight name" or "/path:weight name", taken apart from its end.
  void add_server(const NutcrackerValue& server) {
    std::string_view rest = server.text;
    std::string_view name;
    if (const auto space = rest.rfind(' '); space != rest.npos) {
      name = rest.substr(space + 1);
      rest = rest.substr(0, space);
    }
    const auto colon = rest.rfind(':');
    if (colon == rest.npos || rest.find('{') != rest.npos || name.find('{') != name.npos) {
      complaints_.error(server.where, fmt::format("\"{}\" is no server", server.text),
                        "write host:port:weight name");
      return;
    }
    const auto address = rest.substr(0, colon);
    const std::string ours =
        address.starts_with('/') ? fmt::format("unix:{}", address) : in_brackets(address);
    const std::string hashed = name.empty() ? ring::ketama_name(address) : std::string(name);
    const bool told = !name.empty() || hashed != ring::ketama_name(ours);
    add("  {},\n", quoted(fmt::format("{}{}{}{}", ours, rest.substr(colon), told ? " " : "",
                                      told ? hashed : "")));
  }

  void ejection() {
    const auto key = config::quoted_key(name_);
    add("\n[pool.{}.eject]\n", key);
    if (!truth("auto_eject_hosts")) {
      add("failures = 0\n\n[pool.{}.health]\ncheck = \"off\"\n", key);
      return;
    }
    constexpr std::int64_t default_retry_ms = 30'000;
    constexpr std::int64_t retry_max_ms = 300'000;  // ringway's own default.
    const auto retry = number("server_retry_timeout").value_or(default_retry_ms);
    add("failures = {}\n", number("server_failure_limit").value_or(2));
    add("retry_after = \"{}ms\"\n", std::max<std::int64_t>(retry, 1));
    if (retry > retry_max_ms) add("retry_max = \"{}ms\"\n", retry);
    if (truth("redis")) add("mode = \"rehash\"\n");
    comment("As twemproxy has it. Better: ttl_max = \"5m\" and on_readmit = \"replay\", and a");
    comment("server that comes back shows no values from before it left.");
    add("ttl_max = \"off\"\non_readmit = \"keep\"\n");
  }

  void leftovers() {
    if (find("client_connections") != nullptr) {
      comment("client_connections never worked in twemproxy; see clients_max of a listener");
    }
    if (find("reuseport") != nullptr) comment("reuseport is not needed: see [router] workers");
    for (const std::string& key : pool_.unknown) comment(fmt::format("not imported: {}", key));
  }

  const NutcrackerPool& pool_;
  config::Complaints& complaints_;
  std::string name_;
  std::string out_;
};

// What was written must load: what the importer let pass, the loader finds.
void check_result(Imported& imported) {
  const auto loaded =
      config::load_text(imported.toml, "(imported)", [](std::string_view) { return std::nullopt; });
  for (const config::Problem& problem : loaded.problems) {
    if (problem.severity == config::Severity::error) imported.problems.push_back(problem);
  }
  if (!loaded.config) imported.toml.clear();
}

bool is_yaml(std::string_view path) {
  return path.ends_with(".yml") || path.ends_with(".yaml");
}

std::optional<NutcrackerFile> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return std::nullopt;
  return NutcrackerFile{path, text.str()};
}

config::Problem unreadable(const std::string& path) {
  return {{path, 0, 0}, "cannot read it, or it is empty", "", config::Severity::error};
}

}  // namespace

Imported import_nutcracker(const std::vector<NutcrackerFile>& files) {
  config::Complaints complaints;
  std::map<std::string, config::Place> seen;
  std::vector<std::string> names;
  std::string toml;
  for (const NutcrackerFile& file : files) {
    names.push_back(file.name);
    toml += fmt::format("{}# From {}.\n", toml.empty() ? "" : "\n", file.name);
    for (const auto& pool : read_nutcracker(file.text, file.name, complaints)) {
      PoolImport one(pool, complaints);
      toml += one.toml();
      const auto [first, fresh] = seen.emplace(one.name(), pool.where);
      if (fresh) continue;
      complaints.error(pool.where, fmt::format("pool '{}' is there twice, first in {}:{}",
                                               one.name(), first->second.file, first->second.line));
    }
  }
  Imported imported{std::move(toml), complaints.in_order(names)};
  if (complaints.any_error()) {
    imported.toml.clear();
  } else {
    check_result(imported);
  }
  return imported;
}

int import(const std::vector<std::string>& paths, Streams streams) {
  std::vector<NutcrackerFile> files;
  for (const std::string& path : paths) {
    auto file = read(path);
    if (!file) {
      streams.err << text(unreadable(path)) << "\n";
      return exit_error;
    }
    files.push_back(std::move(*file));
  }
  const Imported imported = import_nutcracker(files);
  for (const config::Problem& problem : imported.problems) streams.err << text(problem) << "\n";
  streams.out << imported.toml;
  return imported.toml.empty() ? exit_error : exit_ok;
}

config::Loaded load_any(const std::string& path) {
  if (!is_yaml(path)) return config::load_file(path, config::process_environment());
  const auto file = read(path);
  if (!file) return {std::nullopt, {unreadable(path)}};
  const Imported imported = import_nutcracker({*file});
  if (imported.toml.empty()) return {std::nullopt, imported.problems};
  auto loaded = config::load_text(imported.toml, path, config::process_environment());
  loaded.problems = imported.problems;
  if (!loaded.config) return loaded;
  // Places in the generated text would help nobody.
  loaded.config = config::placeless(std::move(*loaded.config));
  loaded.config->file = path;
  loaded.config->files = {path};
  for (config::Pool& pool : loaded.config->pools) pool.where.file = path;
  return loaded;
}

}  // namespace ringway::cli
