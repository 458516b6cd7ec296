// The leaf route: which server a plan names, for which key, and who is out.
#include "ringway/route/shard_route.h"

#include <doctest/doctest.h>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ringway/pool/pool.h"

namespace ringway::route {
namespace {

using pool::ServerId;

constexpr int keys = 500;

// A pool "web" of five servers, the second of its snapshot, behind a route.
class Web {
 public:
  explicit Web(std::string_view distribution = "ring") {
    std::vector<ring::Member> members;
    for (std::uint32_t i = 0; i < 5; ++i) {
      const std::string name = "web" + std::to_string(i);
      members.push_back({.name = name});
      pool.servers.push_back({ServerId{100 + i}, name, name + ":11211", name});
    }
    pool.member_count = 5;
    pool.servers.push_back({ServerId{200}, "spare", "spare:11211", "spare"});
    pool.settings.name = "web";
    pool.number = 1;
    pool.hash = hash::find("xxh3_64");
    pool.distribution = ring::find(distribution)->build(members);
  }

  Plan planned(std::string_view key, std::uint64_t chance = 0) const {
    Plan plan;
    ShardRoute(pool).plan({.key = key, .chance = chance}, live, plan);
    return plan;
  }
  // Who gets the key; nobody if the plan is empty.
  std::optional<ServerId> server_of(std::string_view key, std::uint64_t chance = 0) const {
    const Plan plan = planned(key, chance);
    return plan.empty() ? std::nullopt : std::optional(plan.leaf().server);
  }
  void set_live(ServerId server, bool lives) {
    live[1].live.set(pool::index_of(server) - 100, lives);
  }
  void set_joined(ServerId server, bool joined) {
    set_live(server, joined);
    live[1].joined.set(pool::index_of(server) - 100, joined);
  }
  void use_backup_for(ServerId server) { live[1].backup_of[pool::index_of(server) - 100] = 5; }

  pool::Pool pool;
  std::vector<route::PoolLive> live{PoolLive(1), PoolLive(5)};
};

std::string key(int i) {
  return "user:" + std::to_string(i);
}

TEST_CASE("a plan is one ask of one server of the pool") {
  const Web web;
  const Plan plan = web.planned("user:1");
  REQUIRE(plan.single());
  const Part& leaf = plan.leaf();
  CHECK(leaf.pool == web.pool.number);
  CHECK(web.pool.servers[leaf.member].id == leaf.server);
}

TEST_CASE("a key always goes to the same server, keys together to all") {
  const Web web;
  std::set<ServerId> seen;
  for (int i = 0; i < keys; ++i) {
    REQUIRE(web.server_of(key(i), 1) == web.server_of(key(i), 2));
    seen.insert(*web.server_of(key(i)));
  }
  CHECK(seen.size() == 5);
}

TEST_CASE("keys of a server that is out go to others, all other keys stay") {
  Web web;
  const ServerId out = *web.server_of(key(0));
  for (int i = 0; i < keys; ++i) {
    const ServerId home = *web.server_of(key(i));
    web.set_live(out, false);
    CHECK((*web.server_of(key(i)) == home) == (home != out));
    web.set_live(out, true);
    REQUIRE(web.server_of(key(i)) == home);
  }
}

TEST_CASE("with nobody live the owner itself is asked, to say why it is out") {
  Web web;
  const auto home = web.server_of("user:1");
  for (std::uint32_t i = 0; i < 5; ++i) web.set_live(ServerId{100 + i}, false);
  CHECK(web.server_of("user:1") == home);
  CHECK_FALSE(web.planned("user:1").leaf().stand_in);
}

TEST_CASE("a stand-in is named as one, with the home it stands in for") {
  Web web;
  const ServerId home = *web.server_of("user:1");
  web.set_live(home, false);
  const Part leaf = web.planned("user:1").leaf();
  CHECK(leaf.stand_in);
  CHECK(leaf.home == home);
  CHECK(leaf.server != home);
}

TEST_CASE("in mode error nobody stands in") {
  Web web;
  web.pool.settings.eject.mode = config::EjectMode::error;
  const ServerId home = *web.server_of("user:1");
  web.set_live(home, false);
  CHECK(web.server_of("user:1") == home);
}

TEST_CASE("a backup takes exactly the keys of the server whose place it has") {
  Web web;
  web.pool.settings.eject.mode = config::EjectMode::backup;
  const ServerId out = *web.server_of(key(0));
  for (int i = 0; i < keys; ++i) {
    const ServerId home = *web.server_of(key(i));
    web.set_live(out, false);
    web.use_backup_for(out);
    CHECK(web.server_of(key(i)) == (home == out ? ServerId{200} : home));
    web.set_live(out, true);
  }
}

TEST_CASE("with no backup left `then` decides") {
  Web web;
  web.pool.settings.eject.mode = config::EjectMode::backup;
  const ServerId home = *web.server_of("user:1");
  web.set_live(home, false);
  CHECK(web.server_of("user:1") != home);
  web.pool.settings.eject.then = config::EjectMode::error;
  CHECK(web.server_of("user:1") == home);
}

TEST_CASE("keys of a server that is only joining stay with their old owners, who are their home") {
  Web web;
  const ServerId joining = *web.server_of("user:1");
  web.set_joined(joining, false);
  const Part leaf = web.planned("user:1").leaf();
  CHECK(leaf.server != joining);
  CHECK_FALSE(leaf.stand_in);
}

TEST_CASE("servers of other pools that are out change nothing") {
  Web web;
  const auto home = web.server_of("user:1");
  web.live[0].live.set(0, false);
  CHECK(web.server_of("user:1") == home);
}

TEST_CASE("keys with the same part in the pool's hash tag live together") {
  Web web;
  web.pool.tag = {.open = '{', .close = '}', .enabled = true};
  for (int i = 0; i < keys; ++i) CHECK(web.server_of(key(i) + "{42}") == web.server_of("42"));
}

TEST_CASE("a distribution by chance looks at the question's chance, not at the key") {
  const Web web("random");
  std::set<ServerId> seen;
  for (std::uint64_t chance = 0; chance < 100; ++chance) {
    CHECK(web.server_of("a", chance) == web.server_of("b", chance));
    seen.insert(*web.server_of("a", chance));
  }
  CHECK(seen.size() == 5);
}

TEST_CASE("a shard route asks within what others opened") {
  const Web web;
  Plan plan;
  plan.open({.verb = Verb::all});
  for (int i = 0; i < 2; ++i) ShardRoute(web.pool).plan({.key = "user:1"}, web.live, plan);
  plan.close();
  CHECK(plan[1].server == web.server_of("user:1"));
  CHECK(plan[2].parent == 0);
}

TEST_CASE("a shard route goes by the name of its pool") {
  const Web web;
  CHECK(ShardRoute(web.pool).name() == "web");
}

}  // namespace
}  // namespace ringway::route
