// The table of routes: how each kind is built. What of it a configuration may say is in
// config/keys_route.cc.
#include "ringway/route/kinds.h"

#include <algorithm>
#include <array>

#include "ringway/base/assert.h"
#include "ringway/route/shard_route.h"

namespace ringway::route {
namespace {

std::unique_ptr<Route> build_shard(const Material& material) {
  RINGWAY_ASSERT(material.pool);
  return std::make_unique<ShardRoute>(*material.pool);
}

constexpr std::array<RouteKind, 1> table{{
    {kind_of_pools, build_shard, "each key on the server of a pool that owns it"},
}};

}  // namespace

std::span<const RouteKind> kinds() {
  return table;
}

const RouteKind* find(std::string_view name) {
  const auto* found = std::ranges::find(table, name, &RouteKind::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace ringway::route
