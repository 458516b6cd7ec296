// The leaf of every tree: one pool, each key on the server that owns it. Makes plans
// of one try or none; what follows a failure is not its business.
#pragma once

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
  const pool::Pool& pool_;
};

}  // namespace ringway::route
