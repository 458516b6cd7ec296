// Every key of a listener and of a pool: ringway's default, what twemproxy does, and what
// `ringway import` writes of a nutcracker.yml that says as little as possible. A new key, or
// a new default, wants its row here; what is kept as ringway has it must be named in
// configs/moving-from-twemproxy.md.
#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "../cli/cli_test.h"
#include "config/keys.h"
#include "import/import.h"

namespace ringway::cli {
namespace {

struct Row {
  std::string_view key;
  std::string_view ours;       // As `check --print` shows it; empty: it shows none.
  std::string_view theirs;     // What twemproxy does.
  std::string_view written;    // What import writes; empty: nothing, since the same, or since ...
  std::string_view kept = {};  // ... ringway's is better, for this reason.
};

constexpr std::string_view same = "the same";
constexpr std::string_view none = "has nothing of the kind";

constexpr Row listener_rows[] = {
    {"bind", "[]", "listen", "\"127.0.0.1:22121\""},
    {"route", "\"\"", "a listener for each pool", "\"alpha\""},
    {"mode", "\"umask\"", same, ""},
    {"backlog", "4096", "512", "", "what does not fit is refused or waits"},
    {"clients_max", "\"auto\"", same, ""},
    {"clients_full", "\"reject\"", same, ""},
    {"idle_timeout", "\"off\"", same, ""},
    {"client_stall_timeout", "\"30s\"", "for ever", "\"off\""},
    {"client_in_flight_max", "1024", "no limit", "", "memcached does not read on either"},
    {"client_output_high", "\"1MiB\"", "no limit", "", "memcached does not read on either"},
    {"client_output_max", "\"128MiB\"", "no limit", "\"1GiB\""},
    {"stream_min", "\"64KiB\"", "no value before it is whole", "", "the first byte is sooner"},
    {"keys_per_get_max", "\"off\"", same, ""},
    {"keys_per_ask", "64", "all at once", "63"},
    {"value_max", "\"1MiB\"", "no limit", "\"16MiB\""},
    {"tls", "", none, ""},
};

constexpr Row pool_rows[] = {
    {"servers", "", same, "["},
    {"protocol", "\"memcached\"", same, ""},
    {"hash", "\"xxh3_64\"", "fnv1a_64", "\"fnv1a_64\""},
    {"distribution", "\"ring\"", "ketama", "\"ketama\""},
    {"hash_tag", "\"\"", same, ""},
    {"zone", "\"\"", none, ""},
    {"timeout", "\"500ms\"", "for ever", "\"off\""},
    {"connect_timeout", "\"1500ms\"", "timeout, or the kernel's 2 min", "", "it tries again"},
    {"backoff_min", "\"50ms\"", "each request tries to connect", "", "so few are seen by nobody"},
    {"backoff_max", "\"5s\"", "each request tries to connect", "\"50ms\""},
    {"server_connections", "1", same, ""},
    {"preconnect", "false", same, ""},
    {"server_idle_timeout", "\"5m\"", "for ever", "", "one opens when it is needed"},
    {"tcp_keepalive", "true", "of clients only", "", "finds connections that are dead"},
    {"tcp_keepalive_idle", "\"1m\"", "the kernel's", "", "finds connections that are dead"},
    {"tcp_keepalive_interval", "\"10s\"", "the kernel's", "", "finds connections that are dead"},
    {"tcp_keepalive_probes", "3", "the kernel's", "", "finds connections that are dead"},
    {"tcp_user_timeout", "\"5s\"", "the kernel's 15 min", "", "finds connections that are dead"},
    {"server_queue_max", "16384", "no limit", "10000000"},
    {"server_queue_bytes_max", "\"64MiB\"", "no limit", "\"1GiB\""},
    {"on_read_error", "\"error\"", same, ""},
    {"on_write_error", "\"error\"", same, ""},
    {"read_retries", "1", "0", "", "errors become answers"},
    {"retry_budget", "\"10%\"", none, ""},
    {"dns_refresh", "\"1m\"", "with each connection", "", "and with each that cannot be made"},
    {"flush_all", "\"refused\"", same, ""},
    {"servers_file", "", none, ""},
    {"database", "", same, ""},
    {"username", "", none, ""},
    {"password", "", same, ""},
    {"password_file", "", none, ""},
    {"tls", "", none, ""},
    {"eject", "", "below", ""},
    {"health", "", "below", ""},
};

// Of a pool with auto_eject_hosts; without it failures = 0.
constexpr Row eject_rows[] = {
    {"failures", "3", "2", "2"},
    {"window", "\"10s\"", "however long they take", "\"365d\""},
    {"mode", "\"rehash\"", same, ""},
    {"then", "\"rehash\"", none, ""},
    {"ttl_max", "\"5m\"", "for ever", "\"off\""},
    {"max_ejected", "\"50%\"", "all servers", "\"100%\""},
    {"retry_after", "\"5s\"", "30 s", "\"30000ms\""},
    {"retry_max", "\"5m\"", "always the same time", "\"30000ms\""},
    {"on_readmit", "\"replay\"", "shows what it had", "\"keep\""},
    {"owed_max", "\"16MiB\"", none, ""},
    {"spare", "", none, ""},
};

// Likewise; without ejection check = "off".
constexpr Row health_rows[] = {
    {"check", "\"auto\"", "a client's request finds out", "", "nobody pays for the question"},
    {"interval", "\"5s\"", none, ""},
    {"timeout", "\"1s\"", none, ""},
    {"fall", "3", none, ""},
    {"rise", "2", none, ""},
};

using Written = std::map<std::string, std::string, std::less<>>;

// The lines "key = value" under that header.
Written written_under(const std::string& header, const std::string& toml) {
  Written written;
  bool inside = false;
  std::istringstream lines(toml);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) inside = line == header;
    const auto sign = line.find(" = ");
    const bool pair = sign != line.npos && !line.starts_with('#');
    if (inside && pair) written[line.substr(0, sign)] = line.substr(sign + 3);
  }
  return written;
}

const std::string& minimal() {
  static const std::string toml =
      import_nutcracker({{"n.yml",
                          "alpha:\n  listen: 127.0.0.1:22121\n  auto_eject_hosts: true\n"
                          "  servers:\n   - 10.0.0.1:11211:1\n"}})
          .toml;
  return toml;
}

const std::string& page() {
  static const std::string text = [] {
    const char* root = std::getenv("RINGWAY_ROOT");
    std::ifstream file(std::string(root == nullptr ? "." : root) +
                       "/configs/moving-from-twemproxy.md");
    return (std::ostringstream() << file.rdbuf()).str();
  }();
  return text;
}

void check_row(const Row& row, Written& written) {
  CHECK(written[std::string(row.key)] == row.written);
  written.erase(std::string(row.key));
  const bool alike = row.theirs == same || row.theirs == none || row.ours.empty();
  CHECK_MESSAGE((alike || !row.written.empty() || !row.kept.empty()),
                "they differ: write twemproxy's, or say why not");
  if (row.kept.empty()) return;
  CHECK_MESSAGE(has(page(), "`" + std::string(row.key) + "`"),
                "moving-from-twemproxy.md does not say that it is kept");
}

template <typename T>
void check_rows(std::span<const Row> rows, const std::string& header) {
  Written written = written_under(header, minimal());
  std::set<std::string_view> known;
  for (const config::Key<T>& key : config::keys<T>()) known.insert(key.name);
  for (const Row& row : rows) {
    CAPTURE(row.key);
    const auto key = std::ranges::find(config::keys<T>(), row.key, &config::Key<T>::name);
    CHECK_MESSAGE(known.erase(row.key) == 1, "no such key: take its row out of the table");
    if (key == config::keys<T>().end()) continue;
    const std::string ours = key->print == nullptr ? "" : key->print(T{});
    CHECK_MESSAGE(ours == row.ours, "another default: what should import write now?");
    check_row(row, written);
  }
  for (const std::string_view key : known) {
    FAIL_CHECK("add a row to this table, what twemproxy does, and what import writes: " << key);
  }
  for (const auto& [key, value] : written) FAIL_CHECK("not in the table: " << key);
}

TEST_CASE("where defaults differ twemproxy's is written out, or the page says why not") {
  check_rows<config::Listener>(listener_rows, "[listener.alpha]");
  check_rows<config::Pool>(pool_rows, "[pool.alpha]");
  check_rows<config::Eject>(eject_rows, "[pool.alpha.eject]");
  check_rows<config::Health>(health_rows, "[pool.alpha.health]");
}

}  // namespace
}  // namespace ringway::cli
