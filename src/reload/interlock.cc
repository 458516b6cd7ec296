// See interlock.h. A server whose address changes counts as gone, and its keys as moved: they
// stay with its name, but the machine behind it is another one, and cold. Backups own no keys:
// neither their number nor what becomes of them matters here.
#include "reload/interlock.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "ringway/config/units.h"

namespace ringway::reload {
namespace {

std::size_t servers_gone(const PoolDifference& pool) {
  return static_cast<std::size_t>(
      std::ranges::count_if(pool.servers, [](const ServerDifference& server) {
        return !server.backup && (server.change == Change::removed || server.other_machine);
      }));
}

std::size_t servers_with_keys(const config::Pool& pool) {
  return static_cast<std::size_t>(std::ranges::count(pool.servers, false, &config::Server::backup));
}

// What is wrong with the change of one pool; empty: nothing.
std::string objection(const PoolDifference& pool, std::size_t servers, double max_moved) {
  if (pool.away() > max_moved) {
    return fmt::format("pool {}: {:.1f}% of the keys would move, more than max_moved = {}",
                       pool.name, pool.away() * 100, config::print_share(max_moved));
  }
  if (pool.movement->tags_differ && max_moved < 1) {
    return fmt::format("pool {}: its hash_tag changes, and keys that carry a tag would move",
                       pool.name);
  }
  const std::size_t gone = servers_gone(pool);
  if (2 * gone > servers) {
    return fmt::format("pool {}: {} of {} servers would go, more than half", pool.name, gone,
                       servers);
  }
  return "";
}

std::string objection(const ListenerMovement& listener, double max_moved) {
  if (listener.moved > max_moved) {
    return fmt::format(
        "listener {}: {:.1f}% of the keys would move, as it leads to pool {} and no "
        "more to pool {}, more than max_moved = {}",
        listener.name, listener.moved * 100, listener.after, listener.before,
        config::print_share(max_moved));
  }
  if (listener.tags_differ && max_moved < 1) {
    return fmt::format(
        "listener {}: the hash_tag of pool {} is not that of pool {}, and keys that "
        "carry a tag would move",
        listener.name, listener.after, listener.before);
  }
  return "";
}

}  // namespace

std::optional<std::string> refusal(const Difference& difference, const config::Config& before,
                                   const config::Config& after) {
  if (after.reload.accept_moved == difference.file_hash) return std::nullopt;
  std::string objections;
  for (const PoolDifference& pool : difference.pools) {
    if (!pool.movement) continue;
    const auto was = std::ranges::find(before.pools, pool.name, &config::Pool::name);
    const std::size_t servers = servers_with_keys(*was);
    if (servers < guarded_servers_min) continue;
    const std::string one = objection(pool, servers, after.reload.max_moved);
    if (!one.empty()) objections += one + "\n";
  }
  for (const ListenerMovement& listener : difference.listeners) {
    if (listener.servers < guarded_servers_min) continue;
    const std::string one = objection(listener, after.reload.max_moved);
    if (!one.empty()) objections += one + "\n";
  }
  if (objections.empty()) return std::nullopt;
  return objections + fmt::format(
                          "to allow just this configuration: ringway reload --accept-moved, or "
                          "[reload] accept_moved = \"{}\"",
                          difference.file_hash);
}

}  // namespace ringway::reload
