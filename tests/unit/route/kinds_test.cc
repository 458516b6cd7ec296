// The table of routes.
#include "ringway/route/kinds.h"

#include <doctest/doctest.h>
#include <set>

#include "ringway/pool/pool.h"

namespace ringway::route {
namespace {

TEST_CASE("each kind is found by its name, and only once") {
  std::set<std::string_view> names;
  for (const RouteKind& kind : kinds()) {
    CHECK(find(kind.name) == &kind);
    CHECK(names.insert(kind.name).second);
  }
  CHECK(find("nothing") == nullptr);
}

TEST_CASE("a pool's route goes by the pool's name") {
  pool::Pool pool;
  pool.settings.name = "web";
  CHECK(find(kind_of_pools)->build({.pool = &pool})->name() == "web");
}

}  // namespace
}  // namespace ringway::route
