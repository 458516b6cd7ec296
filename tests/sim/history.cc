// See history.h. The rules of eject.mode and of joining once more, over every set of
// servers that was there at some time.
#include "sim/history.h"

#include <algorithm>
#include <ranges>

#include "ringway/hash/hash.h"
#include "ringway/ring/distribution.h"
#include "ringway/ring/key_hash.h"

#include "board/pool_live.h"
#include "sim/fail.h"

namespace ringway::sim {
namespace {

// Who gets a key with this hash, as an index into the pool's servers.
std::optional<std::uint32_t> target(const pool::Pool& pool, const route::PoolLive& now,
                                    ring::KeyHash hash) {
  const auto home = pool.distribution->pick(hash, now.joined);
  if (!home || now.live.live(*home)) return home;
  const config::Eject& eject = pool.settings.eject;
  const bool backup = eject.mode == config::EjectMode::backup;
  if (backup && now.backup_of[*home] != route::PoolLive::no_backup) return now.backup_of[*home];
  if ((backup ? eject.then : eject.mode) == config::EjectMode::error) return std::nullopt;
  return pool.distribution->pick(hash, now.live);
}

// Some listener does, perhaps one that is gone and has clients still.
bool leads_to(const snapshot::Snapshot& snapshot, const pool::Pool& pool) {
  return std::ranges::any_of(snapshot.listeners, [&](const snapshot::Listener& listener) {
    return &listener.route->pool() == &pool;
  });
}

}  // namespace

std::vector<std::uint32_t> homes_by_file(const Scenario& scenario, const config::Pool& pool) {
  std::vector<ring::Member> members;
  std::vector<std::uint32_t> numbers;
  for (const config::Server& server : pool.servers) {
    if (server.backup) continue;
    members.push_back({server.name, server.weight});
    numbers.push_back(scenario.number_of(server.address));
  }
  const auto distribution = ring::find(pool.distribution)->build(members);
  const hash::HashFunction& function = *hash::find(pool.hash);
  const ring::LiveSet all(static_cast<std::uint32_t>(members.size()));
  std::vector<std::uint32_t> homes;
  for (const std::string& key : scenario.keys) {
    homes.push_back(numbers[*distribution->pick(ring::key_hash(function, {}, key), all)]);
  }
  return homes;
}

// It waits for a connection (twice, if there were too many), in a queue, on a slow road.
History::History(const Scenario& scenario, const worker::Shared& shared)
    : scenario_(scenario),
      shared_(shared),
      late_(scenario.slowest_request() + scenario.stall_max()),
      away_(scenario.every_server.size()) {}

bool History::changed(const reload::SharedSnapshot& present) {
  std::uint64_t behind = present->generation;
  for (const auto& report : shared_.reports) behind = std::min(behind, report->generation.load());
  const bool same = behind == behind_ && version_ == shared_.board.version() &&
                    !in_force_.empty() && in_force_.back() == present;
  behind_ = behind;
  version_ = shared_.board.version();
  return !same;
}

bool History::note(const reload::SharedSnapshot& present, Instant now) {
  if (!changed(present)) return false;
  for (Moment& moment : moments_) moment.until = std::min(moment.until, now);
  if (in_force_.empty() || in_force_.back() != present) {
    if (!in_force_.empty()) check_same(*in_force_.back(), *present);
    check_homes(*present);
    check_routes(*present);
    in_force_.push_back(present);
  }
  std::erase_if(in_force_, [&](const auto& snapshot) {
    return snapshot->generation < std::max<std::uint64_t>(behind_, 1);
  });
  for (const auto& snapshot : in_force_) add(snapshot);
  return true;
}

// Who is the same is known by the same number, whatever its name or its place in the ring.
void History::check_same(const snapshot::Snapshot& before, const snapshot::Snapshot& after) {
  for (const auto& pool : after.pools) {
    const pool::Pool* old = before.pool(pool->name());
    if (old == nullptr || old->retiring) continue;
    for (const pool::Server& server : pool->servers) {
      const auto found = std::ranges::find(old->servers, server.address, &pool::Server::address);
      SIM_REQUIRE(found == old->servers.end() || found->id == server.id,
                  "server %s is taken for another one", server.name.c_str());
    }
  }
}

void History::check_homes(const snapshot::Snapshot& snapshot) const {
  for (const config::Pool& written : snapshot.config.pools) {
    const pool::Pool* pool = snapshot.pool(written.name);
    SIM_REQUIRE(pool != nullptr && !pool->retiring, "pool %s is lost", written.name.c_str());
    const std::vector<std::uint32_t> homes = homes_by_file(scenario_, written);
    const ring::LiveSet all(pool->member_count);
    for (std::size_t key = 0; key < homes.size(); ++key) {
      const ring::KeyHash hash = ring::key_hash(*pool->hash, pool->tag, scenario_.keys[key]);
      const std::uint32_t home = *pool->distribution->pick(hash, all);
      SIM_REQUIRE(scenario_.number_of(pool->servers[home].address) == homes[key],
                  "key %zu is not whose the file says", key);
    }
  }
}

void History::check_routes(const snapshot::Snapshot& snapshot) {
  for (const config::Listener& written : snapshot.config.listeners) {
    SIM_REQUIRE(std::ranges::any_of(snapshot.listeners,
                                    [&](const snapshot::Listener& listener) {
                                      return listener.settings.name == written.name &&
                                             listener.route->pool().name() == written.route;
                                    }),
                "listener %s does not lead where the file says", written.name.c_str());
  }
}

void History::on_standing(pool::ServerId /*server*/, proxy::Standing /*before*/,
                          proxy::Standing /*after*/) {
  for (const auto& snapshot : in_force_) add(snapshot);
}

void History::add(const reload::SharedSnapshot& snapshot) {
  Moment moment;
  moment.servers.resize(scenario_.keys.size());
  moment.homes.resize(scenario_.keys.size());
  for (const auto& pool : snapshot->pools) {
    if (leads_to(*snapshot, *pool)) add_pool(*pool, moment);
    for (const pool::Server& server : pool->servers) {
      if (shared_.board.standing(server.id) == proxy::Standing::up) continue;
      away_[scenario_.number_of(server.address)] = true;
    }
  }
  moments_.push_back(std::move(moment));
}

void History::add_pool(const pool::Pool& pool, Moment& moment) const {
  const route::PoolLive live = proxy::pool_live(pool, shared_.board);
  std::vector<std::uint64_t> bits;
  bool served = false;
  for (std::uint32_t i = 0; i < pool.servers.size(); ++i) {
    const bool up = shared_.board.standing(pool.servers[i].id) == proxy::Standing::up;
    served |= up && (i < pool.member_count || std::ranges::count(live.backup_of, i) > 0);
  }
  (served ? moment.any_served : moment.any_out) = true;
  for (const pool::Server& server : pool.servers) {
    bits.push_back(std::uint64_t{1} << scenario_.number_of(server.address));
  }
  for (std::size_t key = 0; key < scenario_.keys.size(); ++key) {
    const ring::KeyHash hash = ring::key_hash(*pool.hash, pool.tag, scenario_.keys[key]);
    if (const auto to = target(pool, live, hash)) moment.servers[key] |= bits[*to];
    if (const auto home = pool.distribution->pick(hash, live.joined)) {
      moment.homes[key] |= bits[*home];
    }
  }
}

// What is owed to a server may be deleted there whatever became of its keys since; also to one
// that stood in for their home.
bool History::may_remove(std::uint32_t key, std::uint32_t server) const {
  return std::ranges::any_of(moments_, [&](const Moment& then) {
    return ((then.homes[key] | then.servers[key]) >> server & 1) != 0;
  });
}

Model::Service History::service(Instant since) const {
  Model::Service service{.may_be_out = false, .must_be_out = true};
  for (const Moment& then : moments_) {
    if (then.until < since) continue;
    service.may_be_out |= then.any_out;
    service.must_be_out &= !then.any_served;
  }
  return service;
}

bool History::may_serve(std::uint32_t key, std::uint32_t server, Instant now) const {
  const bool any_time = scenario_.waits_long && now - late_ < calm_at_;
  return std::ranges::any_of(std::views::reverse(moments_), [&](const Moment& then) {
    if (!any_time && then.until < now - late_) return false;
    return (then.servers[key] >> server & 1) != 0;
  });
}

}  // namespace ringway::sim
