// The loader from text to Config: what loads, and to what.
#include <doctest/doctest.h>

#include "config_test.h"

namespace ringway::config {
namespace {

TEST_CASE("five lines are a whole configuration") {
  const Config config = loaded(
      "[listener.web]\n"
      "bind = \"127.0.0.1:11311\"\n"
      "route = \"web\"\n"
      "[pool.web]\n"
      "servers = [\"10.0.0.1:11211\", \"10.0.0.2:11211\"]\n");
  REQUIRE(config.pools.size() == 1);
  CHECK(config.pools[0].servers[1].address == "10.0.0.2:11211");
  CHECK(config.pools[0].servers[1].name == "10.0.0.2");
  CHECK(config.listeners[0].route == "web");
}

}  // namespace
}  // namespace ringway::config
