// Who takes a key when a distribution's own way to a live server has led nowhere
// within its limit, or when no live server has any point. Each live server scores
// the key by its own name, the highest score wins: so another server's going out
// never moves a key, and the order of the file does not matter. Weights do not count.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ringway/ring/distribution.h"

namespace ringway::ring {

class LastResort {
 public:
  explicit LastResort(std::span<const Member> members);

  // nullopt if none is live. Costs a few nanoseconds per server of the pool.
  std::optional<std::uint32_t> pick(std::uint64_t hash, const LiveSet& live) const;

 private:
  std::vector<std::uint64_t> salts_;  // One per server, of its name.
};

}  // namespace ringway::ring
