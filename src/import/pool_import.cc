// See pool_import.h. Numbers beyond what ringway takes are lowered to it, and said so, where
// that moves no key; everything else that does not fit is an error at its place in the yml.
#include "import/pool_import.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "ringway/base/plain_text.h"
#include "ringway/ring/server_name.h"

#include "config/address.h"
#include "config/complaints.h"
#include "config/keys.h"

namespace ringway::cli {
namespace {

using config::quoted;

constexpr std::string_view name_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";

// What stands in for twemproxy's lack of a limit: as far as ringway goes without asking for
// much fewer keys of a multi-get at a time (client_output_max bounds the product).
constexpr std::string_view no_listener_limits =
    "# twemproxy has no such limits: here is as far as ringway goes without splitting multi-gets\n"
    "# more. Where memcached's -I is above 16m: value_max = \"128MiB\", keys_per_ask = 7. Kinder "
    "to\n"
    "# memory are ringway's defaults: \"1MiB\", 64, \"128MiB\" and, for clients that stall, "
    "\"30s\".\n"
    "value_max = \"16MiB\"\n"
    "keys_per_ask = 63\n"
    "client_output_max = \"1GiB\"\n"
    "client_stall_timeout = \"off\"\n";
constexpr std::string_view no_queue_limits =
    "# twemproxy's queues have no limit; ringway's defaults are 16384 and \"64MiB\".\n"
    "server_queue_max = 10000000\n"
    "server_queue_bytes_max = \"1GiB\"\n";
constexpr std::string_view no_backoff =
    "# twemproxy tries to connect for each request; ringway's default is \"5s\".\n"
    "backoff_max = \"50ms\"\n";

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

template <typename T>
std::int64_t most(std::string_view key) {
  return std::ranges::find(config::keys<T>(), key, &config::Key<T>::name)->limits.max;
}

// Durations of the table are in nanoseconds, twemproxy's in milliseconds.
template <typename T>
std::int64_t most_ms(std::string_view key) {
  return most<T>(key) / 1'000'000;
}

// One pool on its way into TOML.
class PoolImport {
 public:
  PoolImport(const NutcrackerPool& pool, config::Complaints& complaints)
      : pool_(pool), complaints_(complaints), name_(usable_name(pool.name)) {}

  ImportedPool imported() {
    listener();
    add(pool_.where, "\n[pool.{}]\n", config::quoted_key(name_));
    if (name_ != pool_.name) comment(fmt::format("in twemproxy: {}", quoted(pool_.name)));
    keys();
    connections();
    servers();
    ejection();
    leftovers();
    return {std::move(name_), config::one_spelling(bind_), std::move(out_)};
  }

 private:
  template <typename... Args>
  void add(const config::Place& from, fmt::format_string<Args...> format, Args&&... args) {
    out_.add(fmt::format(format, std::forward<Args>(args)...), from);
  }

  void comment(std::string_view text) { add(pool_.where, "# {}\n", text); }

  const NutcrackerValue* find(std::string_view key) const {
    const auto found = pool_.values.find(key);
    return found == pool_.values.end() ? nullptr : &found->second;
  }

  // Of the value, if there is one.
  const config::Place& place(std::string_view key) const {
    const auto* value = find(key);
    return value == nullptr ? pool_.where : value->where;
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
    complaints_.error(value->where, fmt::format("{}: \"{}\" is no number", key, value->text),
                      "write digits alone: times are in milliseconds");
    return std::nullopt;
  }

  // Lowered to `most`, with a comment where that was needed.
  std::optional<std::int64_t> number_to(std::string_view key, std::int64_t most,
                                        std::string_view unit = "") {
    const auto given = number(key);
    if (!given || *given <= most) return given;
    comment(fmt::format("in twemproxy: {}: {}; {}{} is the most here", key, *given, most, unit));
    return most;
  }

  bool truth(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr || value->text == "false") return false;
    if (value->text != "true") {
      complaints_.error(value->where,
                        fmt::format("{}: \"{}\" is neither true nor false", key, value->text),
                        "write true or false");
    }
    return true;
  }

  void listener() {
    add(pool_.where, "\n[listener.{}]\n", config::quoted_key(name_));
    const auto* listen = find("listen");
    if (listen == nullptr) {
      complaints_.error(pool_.where, fmt::format("pool '{}' has no listen", pool_.name),
                        "write where: listen: 127.0.0.1:22121");
    } else if (listen->text.starts_with('/')) {
      unix_listener(*listen);
    } else {
      tcp_listener(*listen);
    }
    add(pool_.where, "route = {}\n", quoted(name_));
    if (const auto backlog = number_to("backlog", most<config::Listener>("backlog"))) {
      add(place("backlog"), "backlog = {}\n", std::max<std::int64_t>(*backlog, 1));
    }
    out_.add(no_listener_limits, pool_.where);
  }

  // "/path" or "/path 0660".
  void unix_listener(const NutcrackerValue& listen) {
    const auto space = listen.text.find(' ');
    bind_ = "unix:" + listen.text.substr(0, space);
    add(listen.where, "bind = {}\n", quoted(bind_));
    if (space == std::string::npos) return;
    const auto digits = listen.text.substr(space + 1);
    unsigned mode = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, mode, 8);
    if (parsed.ec != std::errc() || parsed.ptr != end || mode > 0777) {
      complaints_.error(listen.where, fmt::format("\"{}\" are no permissions", digits),
                        "write them in octal: /run/web.sock 0660");
    } else if (mode != 0) {  // There, 0 leaves them to the umask.
      add(listen.where, "mode = \"{:04o}\"\n", mode);
    }
  }

  void tcp_listener(const NutcrackerValue& listen) {
    bind_ = in_brackets(listen.text);
    if (bind_.starts_with("localhost:")) bind_ = "127.0.0.1" + bind_.substr(bind_.find(':'));
    const auto address = config::parse_address(bind_);
    if (!address) {
      complaints_.error(listen.where, "listen: " + address.error(),
                        "write an address and its port, or a path: 127.0.0.1:22121, /run/web.sock");
    } else if (!address->numeric) {
      complaints_.error(listen.where, fmt::format("listen: '{}' is a name", address->host),
                        "write the address that it stands for");
    }
    add(listen.where, "bind = {}\n", quoted(bind_));
  }

  void keys() {
    if (truth("redis")) add(place("redis"), "protocol = \"redis\"\n");
    add(place("hash"), "hash = {}\n", quoted(text("hash", "fnv1a_64")));
    add(place("distribution"), "distribution = {}\n", quoted(text("distribution", "ketama")));
    if (const auto* tag = find("hash_tag")) add(tag->where, "hash_tag = {}\n", quoted(tag->text));
    if (const auto* password = find("redis_auth")) {
      comment("redis_auth; ringway refuses it until it speaks redis, as it does this pool:");
      comment(fmt::format("password = {}", quoted(password->text)));
    }
    if (const auto database = number("redis_db")) {
      add(place("redis_db"), "database = {}\n", *database);
    }
  }

  void times() {
    const auto timeout = number_to("timeout", most_ms<config::Pool>("timeout"), " ms").value_or(0);
    if (timeout == 0) comment("twemproxy waits for ever; \"500ms\" would be kinder");
    add(place("timeout"), "timeout = {}\n",
        timeout == 0 ? quoted("off") : quoted(fmt::format("{}ms", timeout)));
    // There, connecting may take all of a request's time.
    if (std::chrono::milliseconds(timeout) > config::Pool{}.connect_timeout) {
      add(place("timeout"), "connect_timeout = \"{}ms\"\n", timeout);
    }
  }

  void connections() {
    times();
    out_.add(no_backoff, pool_.where);
    if (const auto count =
            number_to("server_connections", most<config::Pool>("server_connections"))) {
      add(place("server_connections"), "server_connections = {}\n", *count);
    }
    if (find("preconnect") != nullptr) {
      add(place("preconnect"), "preconnect = {}\n", truth("preconnect"));
    }
    if (find("tcpkeepalive") != nullptr) {
      comment("twemproxy: tcpkeepalive, of clients; here it is about connections to servers");
      add(place("tcpkeepalive"), "tcp_keepalive = {}\n", truth("tcpkeepalive"));
    }
    out_.add(no_queue_limits, pool_.where);
  }

  void servers() {
    if (pool_.servers.empty()) {
      complaints_.error(pool_.where, fmt::format("pool '{}' has no servers", pool_.name),
                        "write host:port:weight name");
    }
    add(pool_.where, "servers = [\n");
    for (const NutcrackerValue& server : pool_.servers) add_server(server);
    add(pool_.where, "]\n");
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
    const auto [first, fresh] = named_.emplace(hashed, server.where);
    if (!fresh) {
      complaints_.error(server.where,
                        fmt::format("two servers of pool '{}' have the name '{}', the other in "
                                    "line {}",
                                    pool_.name, hashed, first->second.line),
                        "the name is what is hashed: give each its own");
      return;
    }
    const bool told = !name.empty() || hashed != ring::ketama_name(ours);
    add(server.where, "  {},\n",
        quoted(fmt::format("{}{}{}{}", ours, rest.substr(colon), told ? " " : "",
                           told ? hashed : "")));
  }

  void ejection() {
    const auto key = config::quoted_key(name_);
    add(pool_.where, "\n[pool.{}.eject]\n", key);
    if (!truth("auto_eject_hosts")) {
      add(place("auto_eject_hosts"), "failures = 0\n\n[pool.{}.health]\ncheck = \"off\"\n", key);
      return;
    }
    constexpr std::int64_t default_limit = 2;
    const auto limit = number_to("server_failure_limit", most<config::Eject>("failures"));
    // There, a limit of 0 is reached by the first failure, too.
    add(place("server_failure_limit"), "failures = {}\n",
        std::max<std::int64_t>(limit.value_or(default_limit), 1));
    retries();
    if (truth("redis")) add(place("redis"), "mode = \"rehash\"\n");
    comment("As twemproxy has it: however long they take, and all servers at once. ringway's own");
    comment("are \"10s\" and \"50%\": a fault near ringway must not empty the ring.");
    add(pool_.where, "window = \"365d\"\nmax_ejected = \"100%\"\n");
    comment("As twemproxy has it. Better: ttl_max = \"5m\" and on_readmit = \"replay\", and a");
    comment("server that comes back shows no values from before it left.");
    add(pool_.where, "ttl_max = \"off\"\non_readmit = \"keep\"\n");
  }

  void retries() {
    constexpr std::int64_t default_retry_ms = 30'000;
    const auto given =
        number_to("server_retry_timeout", most_ms<config::Eject>("retry_after"), " ms");
    const auto retry = std::max<std::int64_t>(given.value_or(default_retry_ms), 1);
    add(place("server_retry_timeout"), "retry_after = \"{}ms\"\nretry_max = \"{}ms\"\n", retry,
        retry);
  }

  void leftovers() {
    if (find("client_connections") != nullptr) {
      comment("client_connections never worked in twemproxy; see clients_max of a listener");
    }
    if (find("reuseport") != nullptr) comment("reuseport is not needed: see [router] workers");
    for (const std::string& key : pool_.unknown) comment("not imported: " + visible(key));
  }

  const NutcrackerPool& pool_;
  config::Complaints& complaints_;
  std::string name_;
  std::string bind_;
  PlacedText out_;
  std::map<std::string, config::Place> named_;  // Servers, by what is hashed.
};

}  // namespace

ImportedPool import_pool(const NutcrackerPool& pool, config::Complaints& complaints) {
  return PoolImport(pool, complaints).imported();
}

}  // namespace ringway::cli
