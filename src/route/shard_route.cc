// A plan of one step: hash, pick, done. No live server makes an empty plan, which is
// an answer, not a failure.
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
  const auto member = pool_.distribution->pick(hash, live[pool_.number]);
  if (!member) return;
  plan.add({Verb::try_, pool_.servers[*member].id, &pool_, *member});
}

}  // namespace ringway::route
