// See placement.h. The configuration was loaded, so every name in it exists; the
// asserts say so.
#include "cli/placement.h"

#include "ringway/base/assert.h"

namespace ringway::cli {

std::vector<const config::Server*> key_owners(const config::Pool& pool) {
  std::vector<const config::Server*> owners;
  for (const config::Server& server : pool.servers) {
    if (!server.backup) owners.push_back(&server);
  }
  return owners;
}

std::vector<ring::Member> members_of(const config::Pool& pool) {
  std::vector<ring::Member> members;
  for (const config::Server* server : key_owners(pool)) {
    members.push_back({server->name, server->weight});
  }
  return members;
}

PoolPlacement::PoolPlacement(const config::Pool& pool) : pool_(pool), members_(members_of(pool)) {
  const ring::DistributionKind* kind = ring::find(pool.distribution);
  RINGWAY_ASSERT(kind != nullptr && !members_.empty());
  distribution_ = kind->build(members_);
}

ring::Placement PoolPlacement::placement() const {
  const hash::HashFunction* function = hash::find(pool_.hash);
  RINGWAY_ASSERT(function != nullptr);
  hash::HashTag tag;
  if (pool_.hash_tag.size() == 2) tag = {pool_.hash_tag[0], pool_.hash_tag[1], true};
  return {*function, tag, *distribution_, members_};
}

}  // namespace ringway::cli
