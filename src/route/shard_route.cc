// A plan of one step: hash, pick, done. No live server makes an empty plan, which is
// an answer, not a failure.
#include "ringway/route/shard_route.h"

#include "ringway/pool/pool.h"
#include "ringway/ring/key_hash.h"

namespace ringway::route {

std::string_view ShardRoute::name() const {
  return pool_.name();
}

void ShardRoute::plan(const Question& question, Live live, Plan& plan) const {
  const ring::KeyHash hash =
      pool_.distribution->wants_chance()
          ? ring::KeyHash{question.chance, static_cast<std::uint32_t>(question.chance)}
          : ring::key_hash(*pool_.hash, pool_.tag, question.key);
  const auto member = pool_.distribution->pick(hash, live[pool_.number]);
  if (!member) return;
  plan.add({Verb::try_, pool_.servers[*member].id, &pool_, *member});
}

}  // namespace ringway::route
