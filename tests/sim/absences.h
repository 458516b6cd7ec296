// Who was out when, and therefore which servers may be asked for a key beside the one it
// belongs to: whoever stood in for it at some time of this run, and nobody else.
#pragma once

#include <cstdint>
#include <vector>

#include "ringway/pool/pool.h"
#include "ringway/route/pool_live.h"

#include "proxy/board.h"

namespace ringway::sim {

class Absences {
 public:
  // The pool outlives it.
  explicit Absences(const pool::Pool& pool) : pool_(pool), away_(pool.member_count) {}

  // To be called after each turn of a worker.
  void note(const proxy::Board& board);

  // It did not take all its keys: it was out, or held.
  bool ever_away(std::uint32_t member) const { return away_[member]; }
  bool may_serve(Bytes key, std::uint32_t home, std::uint32_t server) const;

 private:
  bool stood_in(const route::PoolLive& then, ring::KeyHash hash, std::uint32_t home,
                std::uint32_t server) const;

  const pool::Pool& pool_;
  std::uint64_t version_ = 0;
  std::vector<route::PoolLive> past_;
  std::vector<bool> away_;
};

}  // namespace ringway::sim
