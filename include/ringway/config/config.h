// The configuration as values: every key of the file, with its default, after
// includes, variables, defaults and ranges were applied. Plain data: it says what
// the operator wants, not how it is done. configs/reference.toml explains each key.
//
// An empty optional of a time, a size or a count is the file's word "off": no limit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringway/base/time.h"
#include "ringway/config/problem.h"

namespace ringway::config {

using namespace std::chrono_literals;

using MaybeTime = std::optional<Duration>;
using MaybeBytes = std::optional<std::uint64_t>;
using MaybeCount = std::optional<std::uint32_t>;

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;

enum class IoKind : std::uint8_t { automatic, io_uring, epoll };
enum class Protocol : std::uint8_t { memcached, redis };
enum class ServerState : std::uint8_t { up, drain, maintenance };
enum class EjectMode : std::uint8_t { rehash, backup, spare, error };
enum class OnReadmit : std::uint8_t { replay, keep };
enum class OnReadError : std::uint8_t { error, miss };
enum class OnWriteError : std::uint8_t { error, not_stored };
enum class Check : std::uint8_t { automatic, tcp, off };
enum class ClientsFull : std::uint8_t { reject, wait };
enum class FlushAll : std::uint8_t { refused, allowed };
enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { debug, info, warning, error };

// The most that one buffer may be asked to hold: it is one block of memory, of 2 GiB at most.
inline constexpr std::uint64_t buffer_bytes_most = 1024 * MiB;

// [router]: the process.
struct Router {
  std::uint32_t workers = 1;  // 0: one per CPU that affinity and the cgroup quota allow.
  IoKind io = IoKind::automatic;
  std::string zone;
  Duration batch_window =
      200us;              // How long a busy worker may linger for more completions; 0: never.
  MaybeBytes memory_max;  // Default: 75% of the cgroup's limit; resolved at start.
  bool memory_max_default = true;
  Duration drain_delay = 0s;
  Duration drain_timeout = 20s;

  bool operator==(const Router&) const = default;
};

struct Log {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string file;  // Empty: standard error.

  bool operator==(const Log&) const = default;
};

struct Metrics {
  std::vector<std::string> bind = {"127.0.0.1:9312"};  // Empty: "off".
  std::uint32_t mode = 0660;                           // Of unix sockets.
  std::string group;                                   // Of unix sockets; empty: the process'.

  bool operator==(const Metrics&) const = default;
};

struct Admin {
  std::vector<std::string> bind = {"127.0.0.1:9311"};  // Empty: "off".
  std::uint32_t mode = 0660;                           // Of unix sockets.
  std::string group;                                   // Of unix sockets; empty: the process'.
  std::vector<std::string> hosts;                      // Names in Host, beside localhost.
  std::string token_file;

  bool operator==(const Admin&) const = default;
};

struct Reload {
  double max_moved = 0.5;  // Share of a pool's keys.
  MaybeTime watch;
  std::optional<std::int64_t> apply_at_unix_s;
  std::string accept_moved;  // Hash of an effective configuration.

  bool operator==(const Reload&) const = default;
};

// [listener.NAME]: an accepting socket and the limits of its clients.
struct Listener {
  std::string name;
  Place where;
  std::vector<std::string> bind;      // Numeric addresses or "unix:/path".
  std::optional<std::uint32_t> mode;  // Permissions of unix sockets; unset: the umask's.
  std::string route;                  // Name of a pool or of a route.
  std::uint32_t backlog = 4096;
  std::optional<std::uint32_t> clients_max;  // Unset: file limit less reserve.
  ClientsFull clients_full = ClientsFull::reject;
  MaybeTime idle_timeout;
  MaybeTime client_stall_timeout = 30s;
  std::uint32_t client_in_flight_max = 1024;  // Requests; then its socket is not read.
  std::uint64_t client_output_high = 1 * MiB;
  std::uint64_t client_output_max = 128 * MiB;
  std::uint64_t stream_min = 64 * KiB;
  MaybeCount keys_per_get_max;
  std::uint32_t keys_per_ask = 64;
  std::uint64_t value_max = 1 * MiB;  // At most 128 MiB.

  bool operator==(const Listener&) const = default;
};

struct Server {
  Place where;
  std::string address;  // As written: "10.0.0.1:11211", "mc-1.prod:11211", "unix:/run/mc.sock".
  std::string name;     // What the distribution hashes; given, or twemproxy's rule.
  bool name_given = false;
  std::uint32_t weight = 1;
  ServerState state = ServerState::up;
  bool backup = false;

  bool operator==(const Server&) const = default;
};

struct Eject {
  std::uint32_t failures = 3;  // 0: no ejection of any kind.
  Duration window = 10s;
  EjectMode mode = EjectMode::rehash;
  EjectMode then = EjectMode::rehash;  // rehash or error.
  MaybeTime ttl_max = 5min;
  double max_ejected = 0.5;
  Duration retry_after = 5s;
  Duration retry_max = 5min;
  OnReadmit on_readmit = OnReadmit::replay;
  std::uint64_t owed_max = 16 * MiB;

  bool operator==(const Eject&) const = default;
};

struct Health {
  Check check = Check::automatic;
  Duration interval = 5s;
  Duration timeout = 1s;
  std::uint32_t fall = 3;
  std::uint32_t rise = 2;

  bool operator==(const Health&) const = default;
};

// [pool.NAME]
struct Pool {
  std::string name;
  Place where;
  Protocol protocol = Protocol::memcached;
  std::string hash = "xxh3_64";
  std::string distribution = "ring";
  std::string hash_tag;  // Empty or two characters.
  std::string zone;
  MaybeTime timeout = 500ms;
  Duration connect_timeout = 1500ms;
  Duration backoff_min = 50ms;
  Duration backoff_max = 5s;
  std::uint32_t server_connections = 1;  // Per worker.
  bool preconnect = false;
  MaybeTime server_idle_timeout = 5min;
  bool tcp_keepalive = true;
  Duration tcp_keepalive_idle = 60s;
  Duration tcp_keepalive_interval = 10s;
  std::uint32_t tcp_keepalive_probes = 3;
  Duration tcp_user_timeout = 5s;
  std::uint32_t server_queue_max = 16'384;  // Requests per server and worker; then shed.
  std::uint64_t server_queue_bytes_max = 64 * MiB;
  OnReadError on_read_error = OnReadError::error;
  OnWriteError on_write_error = OnWriteError::error;
  std::uint32_t read_retries = 1;
  double retry_budget = 0.1;
  Duration dns_refresh = 60s;
  FlushAll flush_all = FlushAll::refused;
  Eject eject;
  Health health;
  std::vector<Server> servers;  // In the order of the file.

  bool operator==(const Pool&) const = default;
};

// [route.NAME]: where keys go, by the names of pools or of other routes.
struct Route {
  std::string name;
  Place where;
  std::string type;      // "prefix", "replicate", "failover", "shadow".
  std::string fallback;  // The key `default`: where keys go that no prefix names.
  std::vector<std::pair<std::string, std::string>> prefixes;  // Prefix -> name.
  std::vector<std::string> to;
  std::string writes = "all";
  std::string reads = "local";
  MaybeTime ttl_max = 60s;

  bool operator==(const Route&) const = default;
};

struct Config {
  std::string file;
  std::vector<std::string> files;  // The file and all that it includes.
  // Of what only a start can try: "metrics.bind", "listener.web.bind". Where not written: none.
  std::map<std::string, Place> places;
  Router router;
  Log log;
  Metrics metrics;
  Admin admin;
  Reload reload;
  std::vector<Listener> listeners;  // In the order of the file.
  std::vector<Pool> pools;          // In the order of the file.
  std::vector<Route> routes;        // In the order of the file; not carried out yet.
  // Of all listeners together; not in the file: what the file limit leaves, resolved at start.
  std::uint32_t clients_max = ~0u;

  bool operator==(const Config&) const = default;
};

}  // namespace ringway::config
