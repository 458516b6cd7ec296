// Rendezvous hashing (highest random weight) over the live servers: no table, no
// points, so there is always an answer while anybody is live.
#include "ring/last_resort.h"

#include "ringway/hash/hash.h"

#include "hash/functions.h"

namespace ringway::ring {

LastResort::LastResort(std::span<const Member> members) {
  salts_.reserve(members.size());
  for (const Member& member : members) salts_.push_back(hash::xxh3_64(member.name));
}

std::optional<std::uint32_t> LastResort::pick(std::uint64_t hash, const LiveSet& live) const {
  std::optional<std::uint32_t> best;
  std::uint64_t best_score = 0;
  for (std::uint32_t i = 0; i < salts_.size(); ++i) {
    if (!live.live(i)) continue;
    const std::uint64_t score = hash::mixed(hash ^ salts_[i]);
    if (best && score <= best_score) continue;
    best = i;
    best_score = score;
  }
  return best;
}

}  // namespace ringway::ring
