// The leaf of every tree: one pool, each key on the server that owns it, or on the one
// that stands in for it. Adds one ask to a plan, or none where no server owns keys.
#pragma once

#include <optional>

#include "ringway/ring/distribution.h"
#include "ringway/route/route.h"

namespace ringway::route {

class ShardRoute final : public Route {
 public:
  // The pool outlives the route: both belong to one snapshot.
  explicit ShardRoute(const pool::Pool& pool) : pool_(pool) {}

  // What the pool's distribution is asked with: the key's hash, or chance where the
  // distribution wants that.
  static ring::KeyHash hash_of(const pool::Pool& pool, const Question& question);

  std::string_view name() const override;
  void plan(const Question& question, Live live, Plan& plan) const override;
  const pool::Pool& pool() const override { return pool_; }

 private:
  // Who serves a key whose home is out; nobody where the mode says so or all are out.
  std::optional<std::uint32_t> stand_in(ring::KeyHash hash, std::uint32_t home,
                                        const PoolLive& now) const;

  const pool::Pool& pool_;
};

}  // namespace ringway::route
