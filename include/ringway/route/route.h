// Routes decide, they don't do: plan() is a pure function from a question and the
// set of live servers to a plan. Routes name pools or other routes: a tree, built
// once with the snapshot.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ringway/base/bytes.h"
#include "ringway/proto/request.h"
#include "ringway/route/plan.h"
#include "ringway/route/pool_live.h"

namespace ringway::pool {
struct Pool;
}  // namespace ringway::pool

namespace ringway::route {

struct Question {
  Bytes key;  // As it is hashed: decoded if the request carried it encoded.
  proto::Effect effect = proto::Effect::reads;
  std::uint64_t chance = 0;  // A random number, for those who need one: routes roll no dice.
};

// Who is live now, by pool number. Constant within a turn.
using Live = std::span<const PoolLive>;

class Route {
 public:
  Route() = default;
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;
  virtual ~Route() = default;

  virtual std::string_view name() const = 0;

  // Appends to `plan`; appends nothing if nobody owns the key. Where the owner is out and
  // nobody stands in, the plan names the owner: asking it says why it is out.
  virtual void plan(const Question& question, Live live, Plan& plan) const = 0;

  // The pool that answers for what concerns no key (flush_all, error texts).
  virtual const pool::Pool& pool() const = 0;
};

}  // namespace ringway::route
