// `ringway explain`: where keys go, told by the plan that traffic uses.
#include "cli/explain.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ringway/config/load.h"

#include "cli_test.h"
#include "explain/explanation.h"
#include "explain/key_text.h"
#include "explain/offline_snapshot.h"

namespace ringway::cli {
namespace {

std::unique_ptr<snapshot::Snapshot> snapshot_of(const std::string& toml) {
  auto loaded = config::load_text(toml, "a.toml", config::process_environment());
  REQUIRE(loaded.config.has_value());
  std::ostringstream err;
  auto snapshot = offline_snapshot(std::move(*loaded.config), err);
  REQUIRE(snapshot != nullptr);
  return snapshot;
}

// Says what `explain` says of this file and these words.
int explained(Said& said, const std::string& toml, std::vector<std::string> words,
              ExplainOptions options = {}) {
  Folder folder;
  words.insert(words.begin(), folder.write("a.toml", toml));
  options.words = std::move(words);
  return explain(options, said.streams());
}

nlohmann::json json_of(const std::string& toml, std::vector<std::string> words,
                       ExplainOptions options = {}) {
  Said said;
  options.json = true;
  REQUIRE(explained(said, toml, std::move(words), options) == exit_ok);
  return nlohmann::json::parse(said.out.str());
}

constexpr std::string_view three = "[\"a:1\", \"b:1\", \"c:1\"]";

std::string two_listeners() {
  return web("[\"a:1\"]") +
         "[listener.other]\nbind = \"127.0.0.1:11312\"\nroute = \"other\"\n"
         "[pool.other]\nservers = [\"z:1\"]\n";
}

TEST_CASE("for every distribution the explanation is the plan") {
  for (const auto& kind : ring::kinds()) {
    const auto snapshot =
        snapshot_of(web(three, "distribution = \"" + std::string(kind.name) + "\"\n"));
    auto live = all_live(*snapshot);
    live[0].live.set(1, false);
    for (int n = 0; n < 200; ++n) {
      const std::string key = "user:" + std::to_string(n);
      route::Plan plan;
      snapshot->listeners[0].route->plan({.key = key}, live, plan);
      const auto told = explain(*snapshot, snapshot->listeners[0], key, live);
      REQUIRE(told.steps.size() == 1);
      CHECK(told.steps[0].server().id == plan.leaf().server);
    }
  }
}

TEST_CASE("a ketama key of twemproxy's vectors is told with hash, point and server") {
  const auto told =
      json_of(web("[\"a:1\"]", "hash = \"fnv1a_64\"\ndistribution = \"ketama\"\n"), {"apple"})[0];
  CHECK(told["key"] == "apple");
  CHECK(told["listener"] == "web");
  CHECK(told["route"] == "web");
  const auto& step = told["plan"][0];
  CHECK(step["hash"] == "fnv1a_64");
  CHECK(step["hash_32"] == "0x58befdbf");  // 1488911807
  CHECK(step["point"].get<std::string>().size() == 10);
  CHECK(step["server"]["label"] == "a:1");
}

TEST_CASE("a 64-bit hash is told in both widths") {
  const auto step = json_of(web(three), {"k"})[0]["plan"][0];
  const auto wide = step["hash_64"].get<std::string>();
  CHECK(wide.size() == 18);
  CHECK(step["hash_32"] == "0x" + wide.substr(10));
}

TEST_CASE("modula tells a slot, ring a point and a vnode") {
  const auto modula = json_of(web(three, "distribution = \"modula\"\n"), {"k"})[0]["plan"][0];
  CHECK(modula.contains("slot"));
  CHECK(!modula.contains("vnode"));
  const auto ring = json_of(web(three), {"k"})[0]["plan"][0];
  CHECK(ring["point"].get<std::string>().size() == 18);
  CHECK(ring.contains("vnode"));
}

TEST_CASE("the part within a hash tag is told, and keys that share it share the server") {
  const std::string toml = web(three, "hash_tag = \"{}\"\n");
  const auto told = json_of(toml, {"{42}:name", "x{42}", "plain"});
  CHECK(told[0]["plan"][0]["hashed"] == "42");
  CHECK(told[0]["plan"][0]["server"] == told[1]["plan"][0]["server"]);
  CHECK(!told[2]["plan"][0].contains("hashed"));
}

TEST_CASE("text names every station") {
  Said said;
  CHECK(explained(said, web(three, "hash_tag = \"{}\"\n"), {"user:{42}"}) == exit_ok);
  for (const auto* word :
       {"user:{42}\n", "listener  web", "route     web", "pool      web", "tag       {}: 42",
        "xxh3_64: 64 bits 0x", "of ring, vnode", "server    "}) {
    CAPTURE(word);
    CHECK(has(said.out.str(), word));
  }
}

TEST_CASE("while the home is out, the stand-in is told with whom it stands in for") {
  const auto snapshot = snapshot_of(web(three));
  auto live = all_live(*snapshot);
  const auto home = explain(*snapshot, snapshot->listeners[0], "k", live).steps[0].trace.home;
  live[0].live.set(home, false);
  const auto told = explain(*snapshot, snapshot->listeners[0], "k", live);
  CHECK(told.steps[0].trace.server != home);
  CHECK(has(as_text(told), "for       " + told.steps[0].home().label + ", which is out"));
}

TEST_CASE("with no server live the owner is named, and that it is out") {
  const auto snapshot = snapshot_of(web("[\"a:1\"]"));
  auto live = all_live(*snapshot);
  live[0].live.set(0, false);
  const auto told = explain(*snapshot, snapshot->listeners[0], "k", live);
  REQUIRE(told.steps.size() == 1);
  CHECK(told.steps[0].home_out);
  CHECK(has(as_text(told), "out       it takes no traffic now"));
}

// Reads the first pool, then the second; what is stored goes to a third.
class ThreePools final : public route::Route {
 public:
  explicit ThreePools(const snapshot::Snapshot& snapshot) : routes_(snapshot.routes) {}

  std::string_view name() const override { return "three"; }
  const pool::Pool& pool() const override { return routes_[0]->pool(); }
  void plan(const route::Question& question, route::Live live, route::Plan& plan) const override {
    plan.open({.verb = route::Verb::all, .need = 1});
    plan.open({.verb = route::Verb::try_});
    routes_[0]->plan(question, live, plan);
    plan.ask({.gate = proto::failures, .server = pool::ServerId{1}, .pool = 1});
    plan.close();
    plan.open({.verb = route::Verb::tell});
    plan.ask({.form = route::Form::store, .server = pool::ServerId{2}, .pool = 2});
    plan.close();
    plan.close();
  }

 private:
  const std::vector<std::unique_ptr<route::Route>>& routes_;
};

std::string three_pools() {
  return web("[\"a:1\"]") + "[pool.two]\nservers = [\"b:1\"]\n[pool.three]\nservers = [\"c:1\"]\n";
}

TEST_CASE("a plan of several asks is told as a tree, and each of its servers in full") {
  const auto snapshot = snapshot_of(three_pools());
  const ThreePools route(*snapshot);
  snapshot::Listener listener = snapshot->listeners[0];
  listener.route = &route;
  const auto live = all_live(*snapshot);
  const auto told = explain(*snapshot, listener, "k", live);
  CHECK(told.steps.size() == 3);
  CHECK(has(as_text(told),
            "  plan       1  all, 1 good\n"
            "             2    try\n"
            "             3      as asked  a:1 of pool web\n"
            "             4      [out|failed|expired|lost] as asked  b:1 of pool two\n"
            "             5    tell\n"
            "             6      store  c:1 of pool three\n"
            "  pool      web\n"));
  const auto json = nlohmann::json::parse(as_json({told}))[0];
  CHECK(json["plan"].size() == 3);
  CHECK(json["tree"]["parts"][0]["parts"][1]["gate"] == "out|failed|expired|lost");
  CHECK(json["tree"]["parts"][1]["parts"][0]["step"] == 2);
}

TEST_CASE("a plan of one ask has no tree") {
  CHECK_FALSE(json_of(web(three), {"k"})[0].contains("tree"));
}

TEST_CASE("each listener is told unless one is chosen") {
  CHECK(json_of(two_listeners(), {"k"}).size() == 2);
  const auto one = json_of(two_listeners(), {"k"}, {.listener = "other"});
  REQUIRE(one.size() == 1);
  CHECK(one[0]["plan"][0]["server"]["address"] == "z:1");
}

TEST_CASE("an unknown listener is an error that names those there are") {
  Said said;
  CHECK(explained(said, two_listeners(), {"k"}, {.listener = "nope"}) == exit_error);
  CHECK(has(said.err.str(), "there is no listener 'nope'; there are: web, other"));
}

TEST_CASE("keys of any bytes can be asked for") {
  const auto told = json_of(web(three), {"b64:/wAK", "é"});
  CHECK(told[0]["key_base64"] == "/wAK");
  CHECK(told[1]["key"] == "é");
  CHECK(json_of(web(three), {"/wAK"}, {.base64 = true})[0]["key_base64"] == "/wAK");
}

TEST_CASE("what is no base64 is an error") {
  Said said;
  CHECK(explained(said, web(three), {"b64:x"}) == exit_error);
  CHECK(has(said.err.str(), "'x' is not base64"));
}

TEST_CASE("a key that memcached does not take is warned of") {
  const struct {
    std::string key;
    const char* warning;
  } rows[] = {{"", "no empty key"},
              {"a b", "byte 2 is 0x20"},
              {std::string(251, 'k'), "at most 250 bytes; this one has 251"}};
  for (const auto& row : rows) {
    const auto told = json_of(web(three), {row.key})[0];
    REQUIRE(told["warnings"].size() == 1);
    CHECK(has(told["warnings"][0].get<std::string>(), row.warning));
  }
  CHECK(json_of(web(three), {std::string(250, 'k')})[0]["warnings"].empty());
}

TEST_CASE("a redis key may be anything") {
  CHECK(json_of(web(three, "protocol = \"redis\"\n"), {"a b"})[0]["warnings"].empty());
}

TEST_CASE("a file without keys is not enough, nor is a file that does not load") {
  Said said;
  CHECK(explained(said, web(three), {}) == exit_error);
  CHECK(has(said.err.str(), "at least one key"));
  CHECK(explain({.words = {"/nowhere.toml", "k"}}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), "/nowhere.toml"));
}

TEST_CASE("a running instance that is not there is named") {
  Said said;
  CHECK(explain({.words = {"k"}, .live = "unix:/nowhere.sock"}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), "cannot ask unix:/nowhere.sock: cannot connect: No such file"));
  CHECK(explain({.words = {"k"}, .live = "nonsense"}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), "a port is missing"));
}

}  // namespace
}  // namespace ringway::cli
