// See eject_model.h. Every sentence of the rules is one check.
#include "sim/eject_model.h"

#include <algorithm>
#include <span>

#include "sim/fail.h"

namespace ringway::sim {

using proxy::Standing;

EjectModel::EjectModel(const config::Pool& pool, std::uint32_t members,
                       std::function<bool()> innocent, std::function<Instant()> now)
    : pool_(pool),
      members_(members),
      innocent_(std::move(innocent)),
      now_(std::move(now)),
      servers_(pool.servers.size()) {}

void EjectModel::on_failure(pool::ServerId id, Instant begun, Instant now) {
  Server& server = servers_[pool::index_of(id)];
  // A stall of the router, or a jump of its clock, speaks against nobody.
  SIM_REQUIRE(!innocent_(), "server %u is blamed, and did nothing wrong", pool::index_of(id));
  // What happens together counts once.
  const bool together = begun < server.last_failure || now == server.last_failure;
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

void EjectModel::on_success(pool::ServerId id) {
  Server& server = servers_[pool::index_of(id)];
  server.failures.clear();
  server.due_since = never;
}

void EjectModel::on_probe(pool::ServerId id, bool good, bool heard) {
  Server& server = servers_[pool::index_of(id)];
  // A second later at the earliest, a fifth of it off by chance. Who moves is asked at once;
  // good news may still come of what was given up. While nobody is up it is two seconds from
  // the beginning of one to that of the next.
  const std::span members(servers_.data(), members_);
  const bool any_up = std::ranges::count(members, Standing::up, &Server::standing) > 0;
  const bool again = !good && server.standing == Standing::ejected &&
                     server.bad_probe_at != never &&
                     !pool_.servers[pool::index_of(id)].address.starts_with("mc-");
  SIM_REQUIRE(!again || now_() - server.bad_probe_at >= std::chrono::milliseconds(800),
              "server %u is probed too often", pool::index_of(id));
  SIM_REQUIRE(good || server.standing != Standing::up || pool_.health.check != config::Check::off,
              "server %u is checked, and should not be", pool::index_of(id));
  // One connection, one sign of life. (Several may have been on their way when it was ejected,
  // and one that was turned away is followed by the next after half a millisecond.)
  const bool one = pool_.server_connections == 1 && server.standing == Standing::ejected;
  SIM_REQUIRE(!good || !one || server.good_probe_at == never ||
                  now_() - server.good_probe_at >= std::chrono::microseconds(400),
              "a probe of server %u counts twice", pool::index_of(id));
  server.good_probe_at = good && server.standing == Standing::ejected ? now_() : never;
  server.bad_probe_at = good || !any_up ? never : now_();
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
  const bool failed = server.due_since != never || server.bad >= pool_.health.fall;
  const bool named = pool_.servers[index].address.starts_with("mc-");
  SIM_REQUIRE(failed || named, "server %u was ejected after %zu failures and %u bad checks", index,
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
  const std::uint32_t rise = before == Standing::unresolved ? 1 : pool_.health.rise;
  const bool named = pool_.servers[index].address.starts_with("mc-");
  SIM_REQUIRE(server.good >= (named ? 1 : rise), "server %u is back after %u good probes", index,
              server.good);
  const bool waits = before == Standing::ejected && !named;
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
  }
  server.bad_probe_at = never;
  server.standing = after;
}

void EjectModel::check_overdue(Duration at_most) const {
  for (const Server& server : servers_) {
    SIM_REQUIRE(server.due_since == never || now_() - server.due_since <= at_most,
                "a server that failed too often is not ejected");
  }
}

}  // namespace ringway::sim
