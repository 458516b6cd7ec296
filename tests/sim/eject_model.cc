// See eject_model.h. Every sentence of the rules is one check.
#include "sim/eject_model.h"

#include <algorithm>

#include "board/board_entry.h"
#include "sim/fail.h"
#include "sim/scenario.h"

namespace ringway::sim {

using proxy::Standing;

EjectModel::EjectModel(const config::Pool& pool, std::uint32_t members,
                       std::function<bool()> innocent, std::function<Instant()> now)
    : pool_(pool),
      members_(members),
      innocent_(std::move(innocent)),
      now_(std::move(now)),
      servers_(pool.servers.size()),
      pace_(pool, members) {}

void EjectModel::on_failure(pool::ServerId id, Instant begun, Instant now) {
  Server& server = servers_[pool::index_of(id)];
  // A stall of the router, or a jump of its clock, speaks against nobody.
  SIM_REQUIRE(!innocent_(), "server %u is blamed, and did nothing wrong", pool::index_of(id));
  // What happens together counts once.
  const bool at_once = now - server.last_failure <= proxy::BoardEntry::one_event;
  const bool together = begun < server.last_failure || at_once;
  if (server.standing != Standing::up || together) return;
  server.last_failure = now;
  while (!server.failures.empty() && now - server.failures.front() > pool_.eject.window) {
    server.failures.pop_front();
  }
  server.failures.push_back(now);
  if (server.failures.size() >= pool_.eject.failures && pool_.eject.failures > 0) {
    server.due_since = std::min(server.due_since, now);
  }
}

// Once it is in doubt its answers are not told until it has been asked.
void EjectModel::on_unable(pool::ServerId id, Instant begun, Instant now) {
  Server& server = servers_[pool::index_of(id)];
  SIM_REQUIRE(!innocent_(), "server %u is doubted, and did nothing wrong", pool::index_of(id));
  SIM_REQUIRE(server.doubted_since == never, "server %u is doubted twice", pool::index_of(id));
  const bool together = begun < server.last_unable || now == server.last_unable;
  if (server.standing != Standing::up || together) return;
  server.last_unable = now;
  while (!server.unable.empty() && now - server.unable.front() > pool_.eject.window) {
    server.unable.pop_front();
  }
  server.unable.push_back(now);
  if (server.unable.size() >= pool_.eject.failures) server.doubted_since = now;
}

void EjectModel::trust(Server& server) {
  server.unable.clear();
  server.doubted_since = never;
  server.failed_in_doubt = false;
}

void EjectModel::on_success(pool::ServerId id) {
  Server& server = servers_[pool::index_of(id)];
  trust(server);
  server.failures.clear();
  server.due_since = never;
}

void EjectModel::on_probe(pool::ServerId id, bool good, bool heard) {
  Server& server = servers_[pool::index_of(id)];
  // Nor does it against a check; but a name may still have no address.
  SIM_REQUIRE(good || has_name(pool_.servers[pool::index_of(id)]) || !innocent_(),
              "server %u failed a good check", pool::index_of(id));
  const bool doubted = server.doubted_since != never;
  SIM_REQUIRE(good || server.standing != Standing::up || doubted ||
                  pool_.health.check != config::Check::off,
              "server %u is checked, and should not be", pool::index_of(id));
  pace_.on_probe(pool::index_of(id), good, now_());
  if (good) trust(server);
  server.failed_in_doubt |= !good && doubted;
  server.good = good ? server.good + 1 : 0;
  server.bad = good || heard ? 0 : server.bad + 1;
}

bool EjectModel::may_leave(std::uint32_t index) const {
  if (index >= members_) return true;
  std::uint32_t out = 0;
  bool others = false;
  for (std::uint32_t i = 0; i < members_; ++i) {
    const Standing standing = servers_[i].standing;
    out += standing == Standing::ejected || standing == Standing::unresolved;
    others |= i != index && proxy::in_ring(standing);
  }
  const auto most = static_cast<std::uint32_t>(members_ * pool_.eject.max_ejected);
  return out < std::max(1u, most) && others;
}

void EjectModel::leaves(std::uint32_t index, Standing after) {
  Server& server = servers_[index];
  const bool failed =
      server.due_since != never || server.bad >= pool_.health.fall || server.failed_in_doubt;
  SIM_REQUIRE(failed || has_name(pool_.servers[index]),
              "server %u was ejected after %zu failures and %u bad checks", index,
              server.failures.size(), server.bad);
  SIM_REQUIRE((after == Standing::held) == !may_leave(index), "the guard decided wrong on %u",
              index);
  const bool flaps =
      server.readmitted_at != never && now_() - server.readmitted_at <= std::chrono::minutes(5);
  server.wait = flaps ? std::min(2 * server.wait, pool_.eject.retry_max) : pool_.eject.retry_after;
  server.ejected_at = now_();
}

void EjectModel::returns(std::uint32_t index, Standing before) {
  Server& server = servers_[index];
  SIM_REQUIRE(server.good >= pool_.health.rise, "server %u is back after %u good probes", index,
              server.good);
  const bool waits = before == Standing::ejected || before == Standing::unresolved;
  SIM_REQUIRE(!waits || now_() - server.ejected_at >= server.wait, "server %u is back too soon",
              index);
  server.readmitted_at = now_();
}

void EjectModel::on_standing(pool::ServerId id, Standing before, Standing after) {
  const std::uint32_t index = pool::index_of(id);
  Server& server = servers_[index];
  SIM_REQUIRE(server.standing == before, "server %u stood otherwise", index);
  if (before == Standing::up) leaves(index, after);
  if (after == Standing::up) returns(index, before);
  if (before == Standing::held && after != Standing::up) {
    SIM_REQUIRE(may_leave(index), "server %u left although the guard holds it", index);
  }
  if (before == Standing::up || after == Standing::up) {
    server.good = server.bad = 0;
    server.failures.clear();
    server.due_since = never;
    trust(server);
  }
  server.standing = after;
  pace_.on_standing(index, after, now_());
}

void EjectModel::check_overdue(Duration at_most, bool sockets) const {
  for (const Server& server : servers_) {
    SIM_REQUIRE(server.due_since == never || now_() - server.due_since <= at_most,
                "a server that failed too often is not ejected");
    // It may take as long as a connection, and a few answers that do not come.
    SIM_REQUIRE(server.doubted_since == never ||
                    now_() - server.doubted_since <=
                        at_most + pool_.connect_timeout + 2 * pool_.health.timeout,
                "a server that answers only that it cannot is not asked whether it can");
  }
  if (sockets) pace_.check_overdue(at_most, now_());
}

}  // namespace ringway::sim
