// See section_reader.h. A word that is no key here may be one elsewhere: whoever
// writes `interval` into a pool is told that it belongs into its table of checks.
#include "config/section_reader.h"

#include <algorithm>
#include <utility>

namespace ringway::config {
namespace {

// twemproxy's keys that have other names here.
constexpr std::pair<std::string_view, std::string_view> twemproxy_keys[] = {
    {"listen", "write bind = \"address:port\" in [listener.NAME]"},
    {"auto_eject_hosts", "write failures in [pool.NAME.eject]: 0 is twemproxy's false"},
    {"server_failure_limit", "write failures in [pool.NAME.eject]"},
    {"server_retry_timeout", "write retry_after = \"30s\" in [pool.NAME.eject]"},
    {"redis", "write protocol = \"redis\" in [pool.NAME]"},
    {"redis_auth", "it is password in [pool.NAME], which is not there yet"},
    {"redis_db", "write database in [pool.NAME]"},
    {"tcpkeepalive", "write tcp_keepalive in [pool.NAME]"},
    {"client_connections", "write clients_max in [listener.NAME]"},
    {"reuseport", "leave it out: see workers in [router]"}};

std::string_view of_twemproxy(std::string_view key) {
  const auto found =
      std::ranges::find(twemproxy_keys, key, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(twemproxy_keys) ? std::string_view() : found->second;
}

}  // namespace

bool mistyped(const Node& table, std::string_view key, const std::vector<std::string_view>& known) {
  return std::ranges::any_of(table.entries, [&](const Entry& entry) {
    const bool unknown = std::ranges::find(known, entry.key) == known.end();
    return unknown && nearest(entry.key, known) == key;
  });
}

void complain_unknown(const Entry& entry, std::string_view section,
                      const std::vector<std::string_view>& known, Complaints& complaints) {
  std::string hint = suggestion(entry.key, known);
  if (const auto theirs = of_twemproxy(entry.key); !theirs.empty()) {
    hint = theirs;
  } else if (const auto homes = homes_of(entry.key); !homes.empty()) {
    hint = fmt::format("it belongs in {}", homes);
  } else if (nearest(entry.key, known).empty()) {
    const auto near = nearest(entry.key, every_key());
    if (!near.empty()) hint = fmt::format("'{}' belongs in {}", near, homes_of(near));
  }
  complaints.error(entry.where, fmt::format("unknown key '{}' in {}", entry.key, section), hint);
}

bool asks_for_protection(const Entry& entry, Complaints& complaints) {
  if (entry.value.kind == NodeKind::text && entry.value.text.empty()) return false;
  complaints.error(entry.where,
                   fmt::format("'{}' asks for protection that is not yet there: all would flow "
                               "without it",
                               entry.key),
                   "leave it out only where nobody else reaches clients, servers and what is "
                   "between; or put a program in front that has it");
  return true;
}

}  // namespace ringway::config
