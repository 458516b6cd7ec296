// See keys.h: what pools and their servers have, in the order in which the reference
// shows it; special readers stand above the sections that need them.
#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"

#include "config/key_rows.h"
#include "config/servers.h"

namespace ringway::config {
namespace {

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
    if (c <= 0x20 || c == 0x7f)
      return Complaint{"a hash tag is made of visible characters", "write \"{}\""};
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
                                       "more are shed with an error", size_of_buffer),
    key<&Pool::on_read_error>("on_read_error", "",
                              "honest; miss hides a lost server from readers, never from writers"),
    key<&Pool::on_write_error>(
        "on_write_error", "",
        "honest; not_stored is for clients that take an error for the end of the router: they "
        "hear NOT_STORED or NOT_FOUND, also of what was perhaps done"),
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
    later<Pool, std::string>("username", "\"\"", "towards servers", Standing::protection),
    later<Pool, std::string>("password", "\"\"", "towards servers, and asked of clients",
                             Standing::protection),
    later<Pool, std::string>("password_file", "\"\"", "the same from a file", Standing::protection),
    protection_table<Pool>("tls", "{}", "TLS towards servers"),
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

}  // namespace

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

}  // namespace ringway::config
