// The kinds of routes, as a table: what a snapshot builds them from. A new one is a row in
// kinds.cc, a declaration and a file.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "ringway/route/route.h"

namespace ringway::route {

// What a route may be built from; it outlives the route.
struct Material {
  const pool::Pool* pool = nullptr;
};

struct RouteKind {
  std::string_view name;
  std::unique_ptr<Route> (*build)(const Material& material);
  std::string_view note;
};

std::span<const RouteKind> kinds();
const RouteKind* find(std::string_view name);

// Each pool has one, under its own name: no configuration names the kind.
inline constexpr std::string_view kind_of_pools = "shard";

}  // namespace ringway::route
