// How many keys change servers between two placements of one pool, and from where to
// where: what `ringway diff` prints before a reload makes it true. An estimate, from
// random keys put through hash and distribution of both sides; the same call always
// gives the same answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ringway/hash/hash.h"
#include "ringway/hash/hash_tag.h"
#include "ringway/ring/distribution.h"

namespace ringway::ring {

// All that decides where a key lives. Everything in it must outlive the call.
struct Placement {
  const hash::HashFunction& hash;
  hash::HashTag tag;
  const Distribution& distribution;
  std::span<const Member> members;  // Those that `distribution` was built from.
};

// The part of all keys that moves from one server to another, by their names.
struct Flow {
  std::string from;
  std::string to;
  double share = 0;
};

struct Movement {
  double moved = 0;           // Part of all keys, 0 to 1.
  double error = 0;           // Standard error of `moved`.
  std::vector<Flow> flows;    // The greatest first; their sum is `moved`.
  std::uint32_t samples = 0;  // Keys asked.
  bool tags_differ = false;   // Then keys that carry either tag move too: not counted.
};

// `successor[i]` is the index in `after` of the server that is `before`'s i-th, or -1
// if it is gone. Requires: as many entries as `before` has members; none without any.
// Of `random` the result says how many random values would pick another server.
Movement movement(const Placement& before, const Placement& after, std::span<const int> successor,
                  std::uint32_t samples = 100'000);

}  // namespace ringway::ring
