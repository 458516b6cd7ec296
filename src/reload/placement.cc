// See placement.h. The configuration was loaded, so every name in it exists; the
// asserts say so.
#include "reload/placement.h"

#include <algorithm>

#include "ringway/base/assert.h"

namespace ringway::reload {

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

std::uint32_t vnodes_per_weight(const config::Pool& pool, const std::vector<ring::Member>& members,
                                const ring::Distribution& built) {
  if (pool.distribution != "ring") return 0;
  // The heaviest shows it best: every server keeps at least one vnode.
  const auto heaviest = std::ranges::max_element(members, {}, &ring::Member::weight);
  const auto index = static_cast<std::uint32_t>(heaviest - members.begin());
  return built.points(index) / heaviest->weight;
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

std::uint32_t PoolPlacement::vnodes_per_weight() const {
  return reload::vnodes_per_weight(pool_, members_, *distribution_);
}

}  // namespace ringway::reload
