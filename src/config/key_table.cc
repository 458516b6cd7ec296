// See keys.h. The rows of one section stand together, in the order in which the
// reference shows them; special readers stand above the sections that need them.
#include <chrono>
#include <fmt/format.h>

#include "ringway/config/units.h"
#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"

#include "config/keys.h"
#include "config/servers.h"

namespace ringway::config {
namespace {

constexpr Limits counts(std::int64_t min, std::int64_t max) {
  return {min, max};
}
constexpr Limits times(Duration min, Duration max) {
  return {min.count(), max.count()};
}
constexpr Limits sizes(std::uint64_t min, std::uint64_t max) {
  return {static_cast<std::int64_t>(min), static_cast<std::int64_t>(max)};
}

constexpr Duration day = std::chrono::hours(24);
constexpr Limits any_time = times(0s, 365 * day);
constexpr Limits some_time = times(1ms, 365 * day);
constexpr Limits some_size = sizes(1, 1ull << 40);

template <typename T, typename V>
T owner_of(V T::*);
template <typename T, typename V>
V type_of(V T::*);

template <auto M>
using Owner = decltype(owner_of(M));
template <auto M>
using Type = decltype(type_of(M));

template <auto M>
constexpr Key<Owner<M>> key(std::string_view name, std::string_view unit, std::string_view why,
                            Limits limits = {}, std::string_view sample = {}) {
  return {.name = name,
          .unit = unit,
          .why = why,
          .limits = limits,
          .sample = sample,
          .read = [](const Node& node, const Limits& within,
                     Owner<M>& owner) { return read_value(node, within, owner.*M); },
          .print = [](const Owner<M>& owner) { return print_value(owner.*M); },
          .form =
              [](const Limits& within) {
                return form_of(static_cast<const Type<M>*>(nullptr), within);
              }};
}

// A key of a later version: its type is checked, its value dropped.
template <typename T, typename V>
constexpr Key<T> later(std::string_view name, std::string_view sample, std::string_view why) {
  return {
      .name = name,
      .unit = "",
      .why = why,
      .limits = {},
      .standing = Standing::later,
      .sample = sample,
      .read =
          [](const Node& node, const Limits& within, T&) {
            V dropped{};
            return read_value(node, within, dropped);
          },
      .form = [](const Limits& within) { return form_of(static_cast<const V*>(nullptr), within); }};
}

template <typename T>
constexpr Key<T> later_table(std::string_view name, std::string_view sample, std::string_view why) {
  return {.name = name,
          .unit = "",
          .why = why,
          .limits = {},
          .standing = Standing::later,
          .sample = sample,
          .read = [](const Node& node, const Limits&, T&) -> Verdict {
            if (node.kind == NodeKind::table) return std::nullopt;
            return wrong_kind(node, "a table");
          },
          .form = [](const Limits&) { return std::string("table"); }};
}

template <typename T>
constexpr Key<T> apart(std::string_view name, std::string_view form, std::string_view why,
                       std::string_view sample = {}) {
  return {.name = name,
          .unit = form,
          .why = why,
          .limits = {},
          .standing = Standing::apart,
          .sample = sample};
}

// --- [router]

Verdict read_memory_max(const Node& node, const Limits& limits, Router& router) {
  router.memory_max_default = node.kind == NodeKind::text && node.text == "auto";
  if (router.memory_max_default) {
    router.memory_max.reset();
    return std::nullopt;
  }
  return read_value(node, limits, router.memory_max);
}

constexpr Key<Router> router_keys[] = {
    key<&Router::workers>("workers", "threads",
                          "a sidecar shares its pod's CPUs; 0: one per CPU that affinity and the "
                          "cgroup quota allow",
                          counts(0, 1024)),
    key<&Router::io>("io", "",
                     "auto takes io_uring where the kernel allows it, and says why if it does not"),
    key<&Router::zone>("zone", "", "which copy of replicated data is near; often \"${ZONE}\""),
    key<&Router::batch_window>("batch_window", "",
                               "a busy worker waits this long for more work to send at once; 0s: "
                               "never",
                               times(0s, 10ms)),
    {.name = "memory_max",
     .unit = "",
     .why = "then the biggest readers pause and large new requests are shed; auto is 75% of the "
            "cgroup's limit, so that the OOM killer never comes",
     .limits = some_size,
     .read = read_memory_max,
     .print =
         [](const Router& router) {
           return router.memory_max_default ? quoted("auto") : print_value(router.memory_max);
         },
     .form = [](const Limits&) { return std::string("size, \"auto\" or \"off\""); }},
    key<&Router::drain_delay>("drain_delay", "",
                              "after SIGTERM all goes on this long, until load balancers have "
                              "noticed",
                              any_time),
    key<&Router::drain_timeout>("drain_timeout", "",
                                "within this all clients are finished; with drain_delay below "
                                "Kubernetes' 30s",
                                any_time),
};

constexpr Key<Log> log_keys[] = {
    key<&Log::level>("level", "", "the least that is logged"),
    key<&Log::format>("format", "", "json is one object per line"),
    key<&Log::file>("file", "", "empty is standard error; SIGUSR1 opens it anew"),
};

// --- [metrics], [admin]

template <auto M>
constexpr Key<Owner<M>> bind_or_off(std::string_view why) {
  return {
      .name = "bind",
      .unit = "",
      .why = why,
      .limits = {},
      .read = [](const Node& node, const Limits& limits, Owner<M>& owner) -> Verdict {
        auto wrong = read_value(node, limits, owner.*M);
        if (owner.*M == "off") (owner.*M).clear();
        return wrong;
      },
      .print = [](const Owner<M>& owner) { return quoted((owner.*M).empty() ? "off" : owner.*M); },
      .form = [](const Limits&) { return std::string("address or \"off\""); }};
}

constexpr Key<Metrics> metrics_keys[] = {
    bind_or_off<&Metrics::bind>("GET /metrics /healthz /readyz and nothing else: may be public"),
};

constexpr Key<Admin> admin_keys[] = {
    bind_or_off<&Admin::bind>(
        "page, status, actions; \"unix:/path\" too; beyond loopback only with token_file"),
    key<&Admin::token_file>("token_file", "",
                            "the file whose first line every action must bring as its token"),
};

// --- [reload]

Verdict read_apply_at(const Node& node, const Limits&, Reload& reload) {
  const bool off = node.kind == NodeKind::text && node.text == "off";
  if (!off && node.kind != NodeKind::time) {
    return wrong_kind(node, "a time with its zone or \"off\"",
                      "write it without quotes: 2026-11-22T18:00:00Z");
  }
  reload.apply_at_unix_s = off ? std::nullopt : std::optional(node.integer);
  return std::nullopt;
}

std::string print_apply_at(const Reload& reload) {
  if (!reload.apply_at_unix_s) return quoted("off");
  return print_time(*reload.apply_at_unix_s);
}

constexpr Key<Reload> reload_keys[] = {
    key<&Reload::max_moved>("max_moved", "",
                            "a reload that moves more of a pool's keys is refused: a template "
                            "that lost its servers"),
    key<&Reload::watch>("watch", "", "look at the files this often and reload when they change",
                        some_time),
    {.name = "apply_at",
     .unit = "",
     .why = "checked now, switched at that second: a fleet changes its rings together",
     .limits = {},
     .read = read_apply_at,
     .print = print_apply_at,
     .form = [](const Limits&) { return std::string("time with its zone, or \"off\""); }},
    key<&Reload::accept_moved>("accept_moved", "",
                               "the hash that a refusal prints: allows just that configuration"),
};

// --- [listener.NAME]

Verdict read_mode(const Node& node, const Limits&, Listener& listener) {
  constexpr std::string_view octal = "01234567";
  if (node.kind != NodeKind::text) {
    return wrong_kind(node, "permissions as text", "write \"0660\"");
  }
  if (node.text == "umask") {
    listener.mode.reset();
    return std::nullopt;
  }
  const bool fits = node.text.size() == 4 && node.text.front() == '0' &&
                    node.text.find_first_not_of(octal) == std::string::npos;
  if (!fits) {
    return Complaint{fmt::format("\"{}\" is not a file mode", node.text), "write \"0660\""};
  }
  listener.mode = static_cast<std::uint32_t>(std::stoul(node.text, nullptr, 8));
  return std::nullopt;
}

Verdict read_clients_max(const Node& node, const Limits& limits, Listener& listener) {
  if (node.kind == NodeKind::text && node.text == "auto") {
    listener.clients_max.reset();
    return std::nullopt;
  }
  std::uint32_t value = 0;
  if (auto wrong = read_value(node, limits, value)) {
    wrong->hint += "; \"auto\" is the file limit less a reserve";
    return wrong;
  }
  listener.clients_max = value;
  return std::nullopt;
}

constexpr Key<Listener> listener_keys[] = {
    key<&Listener::bind>("bind", "", "\"address:port\", \"[v6]:port\", \"unix:/path\"; required",
                         {}, "\"127.0.0.1:11311\""),
    key<&Listener::route>("route", "",
                          "the name of a pool or of a route: they share one namespace; required",
                          {}, "\"web\""),
    {.name = "mode",
     .unit = "",
     .why = "permissions of unix sockets; umask leaves them to the process",
     .limits = {},
     .read = read_mode,
     .print =
         [](const Listener& listener) {
           return quoted(listener.mode ? fmt::format("{:04o}", *listener.mode) : "umask");
         },
     .form = [](const Limits&) { return std::string("octal text or \"umask\""); }},
    key<&Listener::backlog>("backlog", "connections", "reconnect storms", counts(1, 65535)),
    {.name = "clients_max",
     .unit = "clients",
     .why = "auto is the file limit less a reserve",
     .limits = counts(1, 10'000'000),
     .read = read_clients_max,
     .print =
         [](const Listener& listener) {
           return listener.clients_max ? print_value(*listener.clients_max) : quoted("auto");
         },
     .form = [](const Limits&) { return std::string("a number or \"auto\""); }},
    key<&Listener::clients_full>("clients_full", "",
                                 "reject: the client hears it at once and tries another router"),
    key<&Listener::idle_timeout>(
        "idle_timeout", "",
        "a silent client is closed after it; connection pools hold idle connections", some_time),
    key<&Listener::client_stall_timeout>(
        "client_stall_timeout", "", "a client that owes a read this long is closed", some_time),
    key<&Listener::client_in_flight_max>("client_in_flight_max", "requests",
                                         "then the client's socket is not read",
                                         counts(1, 1'000'000)),
    key<&Listener::client_output_high>(
        "client_output_high", "",
        "above it the client's next requests wait and its socket is not read", some_size),
    key<&Listener::client_output_max>(
        "client_output_max", "",
        "above it the client is closed; at least client_output_high + keys_per_ask x value_max",
        some_size),
    key<&Listener::stream_min>("stream_min", "",
                               "smaller values are gathered before their first byte goes on: a "
                               "lost server is an error, not a broken stream",
                               some_size),
    key<&Listener::keys_per_get_max>("keys_per_get_max", "keys", "bounds one request",
                                     counts(1, 1'000'000)),
    key<&Listener::keys_per_ask>("keys_per_ask", "keys",
                                 "asked for at a time, all servers together: a slow reader slows "
                                 "itself",
                                 counts(1, 1'000'000)),
    key<&Listener::value_max>("value_max", "", "larger ones are refused", sizes(1, 128 * MiB)),
    later_table<Listener>("tls", "{}", "TLS towards clients"),
};

// --- [pool.NAME]

std::vector<std::string_view> hash_names() {
  std::vector<std::string_view> names;
  for (const auto& function : hash::functions()) names.push_back(function.name);
  return names;
}

std::vector<std::string_view> distribution_names() {
  std::vector<std::string_view> names;
  for (const auto& kind : ring::kinds()) names.push_back(kind.name);
  return names;
}

template <auto M, auto Names>
constexpr Key<Pool> named(std::string_view name, std::string_view why) {
  return {.name = name,
          .unit = "",
          .why = why,
          .limits = {},
          .read = [](const Node& node, const Limits&, Pool& pool) -> Verdict {
            const auto known = Names();
            const Choice choice = choose(node, known);
            if (!choice.verdict) pool.*M = std::string(known[choice.index]);
            return choice.verdict;
          },
          .print = [](const Pool& pool) { return quoted(pool.*M); },
          .form = [](const Limits&) { return one_of(Names()); }};
}

Verdict read_hash_tag(const Node& node, const Limits& limits, Pool& pool) {
  std::string tag;
  if (auto wrong = read_value(node, limits, tag)) return wrong;
  for (const char c : tag) {
    if (c <= 0x20 || c == 0x7f) return Complaint{"a hash tag is made of visible ASCII", "\"{}\""};
  }
  if (!tag.empty() && tag.size() != 2) {
    return Complaint{"a hash tag has exactly two characters", "write \"{}\", or \"\" for none"};
  }
  pool.hash_tag = tag;
  return std::nullopt;
}

constexpr Key<Pool> pool_keys[] = {
    apart<Pool>("servers", "list",
                "\"address\", \"address:weight name\" as twemproxy has it, or a table; \"{0..7}\" "
                "is eight of them; required",
                "[\"10.0.0.1:11211\", \"10.0.0.2:11211:1 cache-2\"]"),
    key<&Pool::protocol>("protocol", "", "redis is known and checked, but not yet run"),
    named<&Pool::hash, hash_names>("hash",
                                   "fast and even; the others are twemproxy's, bit for bit"),
    named<&Pool::distribution, distribution_names>(
        "distribution", "independent of the order in the file; ketama is twemproxy's"),
    {.name = "hash_tag",
     .unit = "",
     .why = "only what stands between the two is hashed, so that keys can stay together",
     .limits = {},
     .read = read_hash_tag,
     .print = [](const Pool& pool) { return quoted(pool.hash_tag); },
     .form = [](const Limits&) { return std::string("two characters, or none"); }},
    key<&Pool::zone>("zone", "", "where its servers are; see [router] zone"),
    key<&Pool::timeout>("timeout", "", "of one request, queueing included", some_time),
    key<&Pool::connect_timeout>("connect_timeout", "", "TCP repeats a lost SYN after 1s",
                                some_time),
    key<&Pool::backoff_min>("backoff_min", "",
                            "wait after a failed connect; doubles, +-50% by chance", some_time),
    key<&Pool::backoff_max>("backoff_max", "", "the longest such wait", some_time),
    key<&Pool::server_connections>("server_connections", "per worker and server",
                                   "one carries every client: requests are pipelined",
                                   counts(1, 1024)),
    key<&Pool::preconnect>("preconnect", "",
                           "opens connections at the start, and keeps them; else one opens when "
                           "first needed: thousands of sidecars"),
    key<&Pool::server_idle_timeout>(
        "server_idle_timeout", "",
        "an unused connection is closed, unless the server is checked through it, or preconnect",
        some_time),
    key<&Pool::tcp_keepalive>("tcp_keepalive", "", "NAT forgets silent connections"),
    key<&Pool::tcp_keepalive_idle>("tcp_keepalive_idle", "", "silence before the first probe",
                                   times(1s, 9h)),
    key<&Pool::tcp_keepalive_interval>("tcp_keepalive_interval", "", "between two probes",
                                       times(1s, 9h)),
    key<&Pool::tcp_keepalive_probes>("tcp_keepalive_probes", "probes",
                                     "unanswered ones that end the connection", counts(1, 127)),
    key<&Pool::tcp_user_timeout>("tcp_user_timeout", "",
                                 "bytes unacknowledged this long end the connection: black holes",
                                 times(1ms, 24h)),
    key<&Pool::server_queue_max>("server_queue_max", "requests per server and worker",
                                 "more are shed with an error", counts(1, 10'000'000)),
    key<&Pool::server_queue_bytes_max>("server_queue_bytes_max", "per server and worker",
                                       "more are shed with an error", some_size),
    key<&Pool::on_read_error>("on_read_error", "",
                              "honest; miss hides a lost server from readers, never from writers"),
    key<&Pool::read_retries>("read_retries", "",
                             "more tries for a read whose connection died before its reply began",
                             counts(0, 1)),
    key<&Pool::retry_budget>(
        "retry_budget", "",
        "so much of the pool's last 10s may be retries, at least 10/s: no amplification"),
    key<&Pool::dns_refresh>("dns_refresh", "", "+-20% by chance, and at once when connecting fails",
                            times(1s, day)),
    key<&Pool::flush_all>("flush_all", "", "one client would empty the cache of all"),
    apart<Pool>("servers_file", "file",
                "more servers, one a line, as in `servers`; read again at reload", "\"\""),
    later<Pool, std::uint32_t>("database", "0", "of Redis servers"),
    later<Pool, std::string>("username", "\"\"", "towards servers"),
    later<Pool, std::string>("password", "\"\"", "towards servers, and asked of clients"),
    later<Pool, std::string>("password_file", "\"\"", "the same from a file"),
    later_table<Pool>("tls", "{}", "TLS towards servers"),
    apart<Pool>("eject", "table", "when a failing server is taken out, and where its keys go"),
    apart<Pool>("health", "table", "how ringway finds out that a server lives"),
};

constexpr Key<Eject> eject_keys[] = {
    key<&Eject::failures>("failures", "consecutive failures",
                          "one hiccup is not a death; 0: no ejection of any kind",
                          counts(0, 1'000'000)),
    key<&Eject::window>("window", "", "within which they must fall", some_time),
    key<&Eject::mode>("mode", "",
                      "where its keys go meanwhile; rehash is what twemproxy's users expect; error "
                      "is the default for redis"),
    {.name = "then",
     .unit = "",
     .why = "mode backup when no backup is left",
     .limits = {},
     .read = [](const Node& node, const Limits& limits, Eject& eject) -> Verdict {
       const auto choice = choose(node, {"rehash", "error"});
       if (choice.verdict) return choice.verdict;
       return read_value(node, limits, eject.then);
     },
     .print = [](const Eject& eject) { return print_value(eject.then); },
     .form =
         [](const Limits&) {
           return one_of({"rehash", "error"});
         }},
    key<&Eject::ttl_max>("ttl_max", "",
                         "whatever is written to a stand-in lives at most this long: bounded "
                         "staleness",
                         times(1s, 30 * day)),
    key<&Eject::max_ejected>(
        "max_ejected", "",
        "so much of a pool may be out, at least 1 server, never the last: a fault near "
        "ringway must not empty the ring"),
    key<&Eject::retry_after>("retry_after", "",
                             "the least time out; doubles while the server flaps", some_time),
    key<&Eject::retry_max>("retry_max", "", "the most that it doubles to", some_time),
    key<&Eject::on_readmit>("on_readmit", "",
                            "replay deletes first what the server missed: no stale data"),
    key<&Eject::owed_max>("owed_max", "per server", "bounds the memory for that; oldest dropped",
                          sizes(0, 1ull << 40)),
    later<Eject, std::string>("spare", "\"\"", "the pool that takes its keys in mode spare"),
};

constexpr Key<Health> health_keys[] = {
    key<&Health::check>("check", "", "auto is version or PING; tcp cannot see a hung process"),
    key<&Health::interval>("interval", "",
                           "+-20% by chance, of a server that traffic does not prove alive",
                           times(100ms, day)),
    key<&Health::timeout>("timeout", "", "of one check", some_time),
    key<&Health::fall>("fall", "checks", "as many failed ones in a row eject", counts(1, 1000)),
    key<&Health::rise>("rise", "checks", "as many good ones in a row readmit", counts(1, 1000)),
};

// --- servers = [{...}]

Verdict read_server_name(const Node& node, const Limits& limits, Server& server) {
  server.name_given = true;
  if (auto wrong = read_value(node, limits, server.name)) return wrong;
  if (server.name.empty()) return Complaint{"an empty name", "leave the key out"};
  return std::nullopt;
}

constexpr Key<Server> server_keys[] = {
    key<&Server::address>("address", "", "\"host:port\" or \"unix:/path\"; required"),
    {.name = "name",
     .unit = "",
     .why = "what the distribution hashes; by default what twemproxy would hash",
     .limits = {},
     .read = read_server_name,
     .print = [](const Server& server) { return quoted(server.name); },
     .form = [](const Limits&) { return std::string("text"); }},
    key<&Server::weight>("weight", "", "its share of the keys", counts(1, weight_max)),
    key<&Server::state>("state", "", "drain and maintenance send its keys where eject.mode says"),
    key<&Server::backup>("backup", "", "takes the place of an ejected server"),
};

// --- [route.NAME]

Verdict read_prefixes(const Node& node, const Limits& limits, Route& route) {
  if (node.kind != NodeKind::table) return wrong_kind(node, "a table of prefixes");
  for (const Entry& entry : node.entries) {
    auto& [prefix, to] = route.prefixes.emplace_back(entry.key, "");
    if (auto wrong = read_value(entry.value, limits, to)) return wrong;
  }
  return std::nullopt;
}

std::string print_prefixes(const Route& route) {
  std::string out;
  for (const auto& [prefix, to] : route.prefixes) {
    // A variable may stand in a value, never in a key.
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", quoted_key(prefix), quoted(to));
  }
  return out.empty() ? "{}" : "{ " + out + " }";
}

template <auto M>
Verdict read_word(const Node& node, const std::vector<std::string_view>& known, Route& route) {
  const Choice choice = choose(node, known);
  if (!choice.verdict) route.*M = std::string(known[choice.index]);
  return choice.verdict;
}

std::vector<std::string_view> route_types() {
  return {"prefix", "replicate", "failover", "shadow"};
}
std::vector<std::string_view> write_words() {
  return {"all", "first"};
}
std::vector<std::string_view> read_words() {
  return {"local", "first"};
}

template <auto M, auto Names>
constexpr Key<Route> route_word(std::string_view name, std::string_view why,
                                std::string_view sample = {}) {
  return {.name = name,
          .unit = "",
          .why = why,
          .limits = {},
          .sample = sample,
          .read = [](const Node& node, const Limits&,
                     Route& route) { return read_word<M>(node, Names(), route); },
          .print = [](const Route& route) { return quoted(route.*M); },
          .form = [](const Limits&) { return one_of(Names()); }};
}

constexpr Key<Route> route_keys[] = {
    route_word<&Route::type, route_types>("type", "what kind of decision this is; required",
                                          "\"prefix\""),
    key<&Route::fallback>("default", "", "where keys go that no prefix names"),
    {.name = "prefixes",
     .unit = "",
     .why = "the longest prefix of a key decides",
     .limits = {},
     .read = read_prefixes,
     .print = print_prefixes,
     .form = [](const Limits&) { return std::string("table: prefix = \"pool or route\""); }},
    key<&Route::to>("to", "", "pools or routes, in the same order on every router"),
    route_word<&Route::writes, write_words>("writes", "which copies a write goes to"),
    route_word<&Route::reads, read_words>(
        "reads", "local: the copy whose pool's zone is the router's, then the others"),
    key<&Route::ttl_max>("ttl_max", "", "what is written to a stand-in lives at most this long",
                         times(1s, 30 * day)),
};

}  // namespace

template <>
std::span<const Key<Router>> keys() {
  return router_keys;
}
template <>
std::span<const Key<Log>> keys() {
  return log_keys;
}
template <>
std::span<const Key<Metrics>> keys() {
  return metrics_keys;
}
template <>
std::span<const Key<Admin>> keys() {
  return admin_keys;
}
template <>
std::span<const Key<Reload>> keys() {
  return reload_keys;
}
template <>
std::span<const Key<Listener>> keys() {
  return listener_keys;
}
template <>
std::span<const Key<Pool>> keys() {
  return pool_keys;
}
template <>
std::span<const Key<Eject>> keys() {
  return eject_keys;
}
template <>
std::span<const Key<Health>> keys() {
  return health_keys;
}
template <>
std::span<const Key<Server>> keys() {
  return server_keys;
}
template <>
std::span<const Key<Route>> keys() {
  return route_keys;
}

template <>
Section section<Router>() {
  return {"[router]", "The process."};
}
template <>
Section section<Log>() {
  return {"[log]", "State changes, never single requests."};
}
template <>
Section section<Metrics>() {
  return {"[metrics]", "For Prometheus and for probes."};
}
template <>
Section section<Admin>() {
  return {"[admin]", "For operators."};
}
template <>
Section section<Reload>() {
  return {"[reload]", "SIGHUP, and what guards it."};
}
template <>
Section section<Listener>() {
  return {"[listener.NAME]",
          "An address that clients connect to. [defaults.listener] holds for every listener."};
}
template <>
Section section<Pool>() {
  return {"[pool.NAME]",
          "Servers that share keys. [defaults.pool] holds, table by table, for every pool."};
}
template <>
Section section<Eject>() {
  return {"[pool.NAME.eject]", "Failing servers."};
}
template <>
Section section<Health>() {
  return {"[pool.NAME.health]", "Checks."};
}
template <>
Section section<Server>() {
  return {"servers = [{ ... }]", "One server of a pool, as a table."};
}
template <>
Section section<Route>() {
  return {"[route.NAME]", "A decision by key. Not yet supported."};
}

namespace {

// Calls `visit` with each section's keys.
template <typename F>
void for_each_section(F visit) {
  visit(section<Router>(), keys<Router>());
  visit(section<Log>(), keys<Log>());
  visit(section<Metrics>(), keys<Metrics>());
  visit(section<Admin>(), keys<Admin>());
  visit(section<Reload>(), keys<Reload>());
  visit(section<Listener>(), keys<Listener>());
  visit(section<Pool>(), keys<Pool>());
  visit(section<Eject>(), keys<Eject>());
  visit(section<Health>(), keys<Health>());
  visit(section<Server>(), keys<Server>());
  visit(section<Route>(), keys<Route>());
}

}  // namespace

std::string homes_of(std::string_view name) {
  std::string homes;
  for_each_section([&](const Section& section, const auto& keys) {
    for (const auto& key : keys) {
      if (key.name != name) continue;
      if (!homes.empty()) homes += " or ";
      homes += section.header;
    }
  });
  return homes;
}

std::vector<std::string_view> every_key() {
  std::vector<std::string_view> names;
  for_each_section([&](const Section&, const auto& keys) {
    for (const auto& key : keys) names.push_back(key.name);
  });
  return names;
}

}  // namespace ringway::config
