// From a configuration to a snapshot: ids by identity, labels, who owns keys.
#include "ringway/snapshot/snapshot.h"

#include <doctest/doctest.h>
#include <map>
#include <string>
#include <vector>

#include "ringway/config/load.h"

namespace ringway::snapshot {
namespace {

using pool::ServerIdentity;

// Hands out ids as control does: the same identity gets the same one, always.
class Ids {
 public:
  Identities identities() {
    return {[this](const ServerIdentity& identity) { return server(identity); },
            [this](const std::string& name) { return listener(name); }};
  }
  std::map<ServerIdentity, pool::ServerId> servers;
  std::map<std::string, ListenerId> listeners;

 private:
  pool::ServerId server(const ServerIdentity& identity) {
    const auto next = pool::ServerId{static_cast<std::uint32_t>(servers.size())};
    return servers.try_emplace(identity, next).first->second;
  }
  ListenerId listener(const std::string& name) {
    return listeners.try_emplace(name, static_cast<ListenerId>(listeners.size())).first->second;
  }
};

std::unique_ptr<Snapshot> built(std::string_view toml, Ids& ids, std::uint64_t generation = 1) {
  const auto none = [](std::string_view) { return std::nullopt; };
  config::Loaded loaded = config::load_text(toml, "a.toml", none);
  REQUIRE(loaded.config.has_value());
  return build(std::move(*loaded.config), generation, ids.identities());
}

std::string listener(const std::string& name, const std::string& port, const std::string& route) {
  return "[listener." + name + "]\nbind = \"127.0.0.1:" + port + "\"\nroute = \"" + route + "\"\n";
}

// One listener in front of a pool "web" with these servers.
std::string web(const std::string& servers, const std::string& more = "") {
  return listener("web", "11311", "web") + "[pool.web]\nservers = " + servers + "\n" + more;
}

TEST_CASE("a server keeps its id when its name and its weight change") {
  Ids ids;
  const auto before = built(web(R"(["10.0.0.1:11211:1 a"])"), ids);
  const auto after = built(web(R"(["10.0.0.1:11211:7 b"])"), ids, 2);
  CHECK(after->pools[0]->servers[0].id == before->pools[0]->servers[0].id);
  CHECK(after->pools[0]->servers[0].name == "b");
}

TEST_CASE("a server at another address, or in another pool, is another server") {
  Ids ids;
  built(web(R"(["10.0.0.1:11211"])", "[pool.b]\nservers = [\"10.0.0.1:11211\"]\n"), ids);
  built(web(R"(["10.0.0.1:11212"])"), ids);
  CHECK(ids.servers.size() == 3);
}

TEST_CASE("servers that share an address are told apart by name, others are not") {
  Ids ids;
  built(web(R"(["10.0.0.1:11211:1 a", "10.0.0.1:11211:1 b", "10.0.0.2:11211:1 c"])"), ids);
  CHECK(ids.servers.contains({"web", "10.0.0.1:11211", "a"}));
  CHECK(ids.servers.contains({"web", "10.0.0.1:11211", "b"}));
  CHECK(ids.servers.contains({"web", "10.0.0.2:11211", ""}));
}

TEST_CASE("errors name a server by its name and its address, once if they are the same") {
  Ids ids;
  const auto snapshot = built(web(R"(["10.0.0.1:11211:1 a", "10.0.0.2:11299"])"), ids);
  CHECK(snapshot->pools[0]->servers[0].label == "a (10.0.0.1:11211)");
  CHECK(snapshot->pools[0]->servers[1].label == "10.0.0.2:11299");
}

TEST_CASE("backups own no keys") {
  Ids ids;
  const auto snapshot =
      built(web(R"(["10.0.0.1:11211", { address = "10.0.0.2:11211", backup = true }])"), ids);
  CHECK(snapshot->pools[0]->distribution->servers() == 1);
  CHECK(snapshot->pools[0]->members().size() == 1);
  CHECK(snapshot->pools[0]->backups().size() == 1);
}

TEST_CASE("a distribution counts servers in the order of the file") {
  Ids ids;
  const auto snapshot = built(
      web(R"(["10.0.0.9:11211:5 z", "10.0.0.1:11211:1 a"])", "distribution = \"modula\"\n"), ids);
  CHECK(snapshot->pools[0]->servers[0].name == "z");
  CHECK(snapshot->pools[0]->distribution->points(0) == 5);
  CHECK(snapshot->pools[0]->distribution->points(1) == 1);
}

TEST_CASE("a pool's number is its place, and pools are found by name") {
  Ids ids;
  const auto snapshot =
      built(web(R"(["10.0.0.1:11211"])", "[pool.b]\nservers = [\"10.0.0.1:11211\"]\n"), ids);
  for (std::uint32_t i = 0; i < 2; ++i) CHECK(snapshot->pools[i]->number == i);
  CHECK(snapshot->pool("b") == snapshot->pools[1].get());
  CHECK(snapshot->pool("c") == nullptr);
}

TEST_CASE("a listener leads to the pool that it names") {
  Ids ids;
  const auto snapshot = built(
      listener("one", "11311", "b") + listener("two", "11312", "a") +
          "[pool.a]\nservers = [\"10.0.0.1:11211\"]\n[pool.b]\nservers = [\"10.0.0.2:11211\"]\n",
      ids);
  CHECK(&snapshot->listeners[0].route->pool() == snapshot->pool("b"));
  CHECK(&snapshot->listeners[1].route->pool() == snapshot->pool("a"));
}

TEST_CASE("a listener is found by its id as long as it is in the snapshot") {
  const std::string pool = "[pool.a]\nservers = [\"10.0.0.1:11211\"]\n";
  Ids ids;
  built(listener("old", "11311", "a") + pool, ids);
  const auto snapshot = built(listener("new", "11312", "a") + pool, ids, 2);
  CHECK(snapshot->listener(ids.listeners["new"])->settings.name == "new");
  CHECK(snapshot->listener(ids.listeners["old"]) == nullptr);
  CHECK(snapshot->listener(99) == nullptr);
}

TEST_CASE("the two characters of hash_tag become the pool's tag") {
  Ids ids;
  const auto tagged = built(web(R"(["10.0.0.1:11211"])", "hash_tag = \"{}\"\n"), ids);
  CHECK(tagged->pools[0]->tag.part("user:{42}:name") == "42");
  const auto plain = built(web(R"(["10.0.0.1:11211"])"), ids);
  CHECK(plain->pools[0]->tag.part("user:{42}:name") == "user:{42}:name");
}

}  // namespace
}  // namespace ringway::snapshot
