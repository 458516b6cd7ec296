// See pool_status.h. Read by HTTP threads while workers change it: each figure is true by
// itself, not all of one moment.
#include "daemon/pool_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/words.h"
#include "health/guard.h"

namespace ringway::cli {

using metrics::BoardMetric;
using metrics::ServerMetric;
using nlohmann::json;
using proxy::Standing;

namespace {

json seconds_since(Instant since, Instant now) {
  if (since == Instant{}) return nullptr;  // Since the start.
  return std::chrono::duration_cast<std::chrono::duration<double>>(now - since).count();
}

json stand_in_of(const pool::Pool& pool, const pool::Server& server, const proxy::Board& board) {
  const auto backup = board.backup_of(server.id);
  if (!backup) return nullptr;
  const auto found = std::ranges::find(pool.servers, *backup, &pool::Server::id);
  return found == pool.servers.end() ? json(nullptr) : json(found->name);
}

json asked_of(const pool::Server& server, const proxy::Board& board, Instant now) {
  const auto by_hand = board.hand_state(server.id);
  return {{"file", config::word(server.state)},
          {"by_hand", by_hand ? json(config::word(*by_hand)) : json(nullptr)},
          {"by_hand_seconds",
           by_hand ? seconds_since(board.hand_state_since(server.id), now) : json(nullptr)}};
}

json server_status(const pool::Pool& pool, const pool::Server& server, const worker::Shared& shared,
                   Instant now) {
  const proxy::Board& board = shared.board;
  const net::Address address = board.address(server.id);
  const proxy::BoardEntry& entry = board.entry(server.id);
  const auto owed = entry.owed();
  const auto total = [&](ServerMetric metric) {
    return shared.registry.total(pool.name(), server.name, metric);
  };
  return {{"name", server.name},
          {"address", server.address},
          {"resolved", address.empty() ? json(nullptr) : json(address.text())},
          {"unresolvable", entry.unresolvable()},
          {"standing", proxy::word(entry.standing())},
          {"standing_seconds", seconds_since(board.since(server.id), now)},
          {"cause", board.cause(server.id)},
          {"last_failure", entry.last_failure()},
          {"live", entry.standing() == Standing::up},
          {"backup", server.backup},
          {"stand_in", stand_in_of(pool, server, board)},
          {"state", asked_of(server, board, now)},
          {"owed", owed.keys},
          {"owed_bytes", owed.bytes},
          {"owed_dropped", owed.dropped},
          {"failures", total(ServerMetric::failures)},
          {"ejections", total(ServerMetric::ejections)},
          {"readmissions", total(ServerMetric::readmissions)},
          {"checks", total(ServerMetric::checks)},
          {"check_failures", total(ServerMetric::check_failures)},
          {"connections", total(ServerMetric::connections)},
          {"requests", total(ServerMetric::requests)},
          {"queue", total(ServerMetric::queued)},
          {"timeouts", total(ServerMetric::timeouts)}};
}

}  // namespace

json pool_status(const pool::Pool& pool, const worker::Shared& shared, Instant now) {
  json servers = json::array();
  for (const pool::Server& server : pool.servers) {
    servers.push_back(server_status(pool, server, shared, now));
  }
  const auto standing = [&](auto... any_of) {
    return std::ranges::count_if(pool.members(), [&](const pool::Server& server) {
      const Standing now_is = shared.board.standing(server.id);
      return ((now_is == any_of) || ...);
    });
  };
  const auto out = standing(Standing::ejected, Standing::unresolved);
  const auto held = standing(Standing::held);
  const auto out_max = proxy::most_out(pool.member_count, pool.settings.eject.max_ejected);
  return {{"name", pool.name()},
          {"distribution", pool.settings.distribution},
          {"hash", pool.settings.hash},
          {"retiring", pool.retiring},
          {"up", standing(Standing::up)},
          {"out", out},
          {"out_max", out_max},
          {"held", held},
          {"by_hand", standing(Standing::drained, Standing::maintenance)},
          {"guard_reached", held > 0 || static_cast<std::size_t>(out) >= out_max},
          {"servers", std::move(servers)}};
}

metrics::BoardFigures board_figures(const snapshot::Snapshot& snapshot, const proxy::Board& board) {
  metrics::BoardFigures figures;
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      const proxy::BoardEntry& entry = board.entry(server.id);
      const auto owed = entry.owed();
      auto& of = figures[{pool->name(), server.name}];
      of[BoardMetric::standing].set(static_cast<std::uint64_t>(entry.standing()));
      of[BoardMetric::unresolved].set(entry.unresolvable() ? 1 : 0);
      of[BoardMetric::by_hand].set(board.hand_state(server.id) ? 1 : 0);
      of[BoardMetric::owed_keys].set(owed.keys);
      of[BoardMetric::owed_live_keys].set(owed.live_keys);
      of[BoardMetric::owed_bytes].set(owed.bytes);
      of[BoardMetric::owed_dropped].set(owed.dropped);
    }
  }
  return figures;
}

}  // namespace ringway::cli
