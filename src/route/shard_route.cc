// A plan of one ask: hash, pick, done. What is done about a server that is out, the
// pool's eject.mode says; keys of servers that are there never move.
#include "ringway/route/shard_route.h"

#include "ringway/pool/pool.h"
#include "ringway/ring/key_hash.h"

namespace ringway::route {

std::string_view ShardRoute::name() const {
  return pool_.name();
}

ring::KeyHash ShardRoute::hash_of(const pool::Pool& pool, const Question& question) {
  if (pool.distribution->wants_chance()) {
    return {question.chance, static_cast<std::uint32_t>(question.chance)};
  }
  return ring::key_hash(*pool.hash, pool.tag, question.key);
}

void ShardRoute::plan(const Question& question, Live live, Plan& plan) const {
  const ring::KeyHash hash = hash_of(pool_, question);
  const PoolLive& now = live[pool_.number];
  const auto home = pool_.distribution->pick(hash, now.joined);
  if (!home) return;
  std::uint32_t server = *home;
  if (!now.live.live(*home)) [[unlikely]]
    server = stand_in(hash, *home, now).value_or(*home);
  plan.ask({.stand_in = server != *home,
            .server = pool_.servers[server].id,
            .home = pool_.servers[*home].id,
            .pool = pool_.number,
            .member = server});
}

std::optional<std::uint32_t> ShardRoute::stand_in(ring::KeyHash hash, std::uint32_t home,
                                                  const PoolLive& now) const {
  const config::Eject& eject = pool_.settings.eject;
  config::EjectMode mode = eject.mode;
  if (mode == config::EjectMode::backup) {
    if (now.backup_of[home] != PoolLive::no_backup) return now.backup_of[home];
    mode = eject.then;
  }
  if (mode != config::EjectMode::rehash) return std::nullopt;
  return pool_.distribution->pick(hash, now.live);
}

}  // namespace ringway::route
