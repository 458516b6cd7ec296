// `ringway diff`: what changes, and which keys move.
#include "cli/diff.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cli_test.h"
#include "import/import.h"

namespace ringway::cli {
namespace {

using reload::Change;
using reload::Difference;
using reload::PoolDifference;

config::Config loaded(const std::string& toml) {
  const auto loaded = config::load_text(toml, "a.toml", config::process_environment());
  REQUIRE(loaded.config.has_value());
  return *loaded.config;
}

Difference between(const std::string& before, const std::string& after) {
  return reload::difference(loaded(before), loaded(after));
}

// Of pool "web", from one list of servers to another.
PoolDifference web_pool(std::string_view before, std::string_view after) {
  return between(web(before), web(after)).pools.at(0);
}

TEST_CASE("a file does not differ from itself") {
  const auto same = between(web("[\"a:1\", \"b:1\"]"), web("[\"a:1\", \"b:1\"]"));
  CHECK(same.sections.empty());
  CHECK(same.moved() == 0);
  CHECK(as_text(same).starts_with("pool web: unchanged, no key moves\nfile_hash "));
}

TEST_CASE("the order of servers moves no key") {
  CHECK(web_pool("[\"a:1\", \"b:1\"]", "[\"b:1\", \"a:1\"]").change == Change::same);
}

TEST_CASE("a fourth server takes a quarter of the keys, from all others") {
  const auto pool = web_pool("[\"a:{1..3}\"]", "[\"a:{1..4}\"]");
  REQUIRE(pool.movement.has_value());
  CHECK(pool.movement->moved == doctest::Approx(0.25).epsilon(0.1));
  CHECK(pool.movement->flows.size() == 3);
  for (const auto& flow : pool.movement->flows) CHECK(flow.to == "a:4");
  REQUIRE(pool.servers.size() == 1);
  CHECK(pool.servers[0].change == Change::added);
}

TEST_CASE("the keys of a removed server go to the survivors") {
  const auto pool = web_pool("[\"a:{1..4}\"]", "[\"a:{1..3}\"]");
  for (const auto& flow : pool.movement->flows) CHECK(flow.from == "a:4");
  CHECK(pool.servers.at(0).change == Change::removed);
}

TEST_CASE("a machine is replaced under its name without moving a key") {
  const auto pool = web_pool("[\"a:1:1 x\", \"b:1:1 y\"]", "[\"c:1:1 x\", \"b:1:1 y\"]");
  CHECK(pool.movement->moved == 0);
  REQUIRE(pool.servers.size() == 1);
  CHECK(pool.servers[0].other_machine);
  CHECK(pool.servers[0].settings[0].key == "address");
}

TEST_CASE("a server renamed in place gets other keys") {
  const auto pool = web_pool("[\"a:1:1 x\", \"b:1:1 y\"]", "[\"a:1:1 z\", \"b:1:1 y\"]");
  CHECK(pool.movement->moved > 0.2);
  CHECK_FALSE(pool.servers.at(0).other_machine);
}

TEST_CASE("names swapped between two machines move all their keys") {
  const auto pool = web_pool("[\"a:1:1 x\", \"b:1:1 y\"]", "[\"a:1:1 y\", \"b:1:1 x\"]");
  CHECK(pool.movement->moved == 1.0);
}

TEST_CASE("weights and states are settings of their server") {
  const auto pool =
      web_pool("[\"a:1\", \"b:1\"]", "[\"a:1:3\", { address = \"b:1\", state = \"drain\" }]");
  CHECK(pool.servers.at(0).settings.at(0).key == "weight");
  CHECK(pool.servers.at(0).settings.at(0).after == "3");
  CHECK(pool.servers.at(1).settings.at(0).after == "\"drain\"");
  CHECK(pool.movement->moved == doctest::Approx(0.25).epsilon(0.15));
}

TEST_CASE("a backup owns no keys") {
  const auto pool =
      web_pool("[\"a:1\", \"b:1\"]", "[\"a:1\", { address = \"c:1\", backup = true }, \"b:1\"]");
  CHECK(pool.movement->moved == 0);
  CHECK(pool.servers.at(0).change == Change::added);
}

TEST_CASE("settings that change are listed with both values") {
  const auto all =
      between(web("[\"a:1\"]"), web("[\"a:1\"]",
                                    "timeout = \"1s\"\n[pool.web.eject]\nfailures = 5\n"
                                    "[router]\nworkers = 2\n"));
  CHECK(as_text(all) ==
        "[router]\n  workers: 1 -> 2\n"
        "pool web: no key moves\n"
        "  timeout: \"500ms\" -> \"1s\"\n"
        "  eject.failures: 3 -> 5\n"
        "file_hash " +
            all.file_hash + "\n");
}

TEST_CASE("another hash moves nearly everything, and is said") {
  const auto all = between(web("[\"a:{1..4}\"]"), web("[\"a:{1..4}\"]", "hash = \"md5\"\n"));
  CHECK(all.moved() == doctest::Approx(0.75).epsilon(0.1));
}

TEST_CASE("pools and listeners come and go") {
  const std::string more =
      "[pool.b]\nservers = [\"b:1\"]\n[listener.b]\nbind=\"127.0.0.1:2\"\nroute=\"b\"\n";
  const auto text = as_text(between(web("[\"a:1\"]"), web("[\"a:1\"]", more)));
  CHECK(has(text, "[listener.b] added\n"));
  CHECK(has(text, "pool b: added\n"));
  CHECK(has(as_text(between(web("[\"a:1\"]", more), web("[\"a:1\"]"))), "pool b: removed\n"));
}

TEST_CASE("a listener that is led to another pool says what moves by that") {
  const std::string pools = "[pool.a]\nservers = [\"a:1\"]\n[pool.b]\nservers = [\"b:1\"]\n";
  const auto led_to = [&](const std::string& in, const std::string& other) {
    return "[listener.in]\nbind=\"127.0.0.1:2\"\nroute=\"" + in +
           "\"\n[listener.other]\nbind=\"127.0.0.1:3\"\nroute=\"" + other + "\"\n" + pools;
  };
  const auto all = between(led_to("a", "b"), led_to("b", "b") +
                                                 "[listener.c]\n"
                                                 "bind=\"127.0.0.1:4\"\nroute=\"a\"\n");
  CHECK(has(as_text(all),
            "listener in: 100.0% of the keys move: it leads to pool b and no more to "
            "pool a\n"));
  CHECK_FALSE(has(as_text(all), "listener other"));
  CHECK(all.moved() == 1);
  CHECK(has(as_json(all), "\"pool_after\": \"b\""));
}

TEST_CASE("a ring that halves its vnodes says so") {
  const auto all = between(web("[\"a:1:1000\"]"), web("[\"a:1:1000\", \"b:1:1000\"]"));
  REQUIRE(all.pools[0].vnodes.has_value());
  CHECK(has(as_text(all), "vnodes per unit of weight: 1024 -> 512"));
}

TEST_CASE("above the limit the exit status is 2, and the way on is told") {
  Folder folder;
  Said said;
  const auto before = folder.write("1.toml", web("[\"a:{1..3}\"]"));
  const auto after = folder.write("2.toml", web("[\"a:{1..4}\"]"));
  CHECK(diff({before, after, false, 0.5}, said.streams()) == exit_ok);
  CHECK(diff({before, after, false, 0.1}, said.streams()) == exit_refused);
  CHECK(has(said.err.str(), "more than max_moved = 10%\n"));
  CHECK(has(said.err.str(), config::fingerprint(loaded(web("[\"a:{1..4}\"]")))));
}

TEST_CASE("what a reload would be refused for is said, and decides where a limit is given") {
  Folder folder;
  const auto judged = [&](const std::string& was, const std::string& is,
                          std::optional<double> limit) {
    Said said;
    const auto before = folder.write("1.toml", was);
    const auto after = folder.write("2.toml", is);
    const int status = diff({before, after, false, limit}, said.streams());
    return std::pair(status, said.err.str());
  };
  // Those that go have hardly a key.
  const std::string heavy = web("[\"a:1:1000\", \"b:1\", \"c:1\"]");
  const std::string alone = web("[\"a:1:1000\"]");
  CHECK(judged(heavy, alone, 0.5).first == exit_refused);
  CHECK(judged(heavy, alone, {}).first == exit_ok);
  CHECK(has(judged(heavy, alone, {}).second, "2 of 3 servers would go"));
  // Of another hash_tag nobody knows.
  const std::string tagged = web("[\"a:{1..3}\"]", "hash_tag = \"{}\"\n");
  CHECK(judged(web("[\"a:{1..3}\"]"), tagged, 0.5).first == exit_refused);
  // What the file itself accepts is accepted.
  const std::string accepted =
      alone + "[reload]\naccept_moved = \"" + config::fingerprint(loaded(alone)) + "\"\n";
  CHECK(judged(heavy, accepted, 0.5).first == exit_ok);
  // A limit by hand is for small pools, too.
  CHECK(judged(web("[\"a:{1..2}\"]"), web("[\"a:1\"]"), 0.1).first == exit_refused);
  CHECK(judged(web("[\"a:{1..2}\"]"), web("[\"a:1\"]"), {}).second == "");
}

TEST_CASE("a file that does not load is an error") {
  Folder folder;
  Said said;
  const auto good = folder.write("1.toml", web("[\"a:1\"]"));
  CHECK(diff({good, "/nowhere.toml", false, {}}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), "/nowhere.toml: error"));
  CHECK(said.out.str() == "");
}

TEST_CASE("an imported file moves no key") {
  Folder folder;
  Said said;
  const std::string yaml =
      "alpha:\n  listen: 127.0.0.1:22121\n  hash: murmur\n  timeout: 400\n  servers:\n"
      "   - 10.0.0.1:11211:3\n   - 10.0.0.2:11211:1 two\n   - /tmp/s:2\n   - ::1:28404:1\n";
  const auto old_file = folder.write("n.yml", yaml);
  const auto new_file = folder.write("n.toml", import_nutcracker({{"n.yml", yaml}}).toml);
  CHECK(diff({old_file, new_file, false, 0.0}, said.streams()) == exit_ok);
  CHECK(said.out.str().starts_with("pool alpha: unchanged, no key moves\n"));
}

TEST_CASE("JSON says the same to programs") {
  const auto json = nlohmann::json::parse(
      as_json(between(web("[\"a:{1..3}\"]"), web("[\"a:{1..4}\"]", "timeout = \"1s\"\n"))));
  CHECK(json["file_hash"] ==
        config::fingerprint(loaded(web("[\"a:{1..4}\"]", "timeout = \"1s\"\n"))));
  CHECK_FALSE(json.contains("fingerprint"));
  CHECK(json["pools"][0]["pool"] == "web");
  CHECK(json["pools"][0]["moved"]["share"] == json["moved_max"]);
  CHECK(json["pools"][0]["moved"]["flows"].size() == 3);
  CHECK(json["pools"][0]["settings"][0]["key"] == "timeout");
  CHECK(json["pools"][0]["servers"][0]["change"] == "added");
}

TEST_CASE("JSON tells the share that stays with a name of another machine") {
  const auto json = nlohmann::json::parse(
      as_json(between(web("[\"a:1:1 x\", \"a:2:1 y\"]"), web("[\"a:1:1 x\", \"a:3:1 y\"]"))));
  const auto& pool = json["pools"][0];
  CHECK(pool["moved"]["share"] == 0);
  CHECK(pool["cold"] > 0.3);
  CHECK(pool["cold"] == json["moved_max"]);
}

TEST_CASE("the hash is that of the meaning, not of the text") {
  const auto one = config::fingerprint(loaded(web("[\"a:1\"]")));
  CHECK(one == config::fingerprint(loaded(web("[ \"a:1\" ] # x", "timeout = \"500ms\"\n"))));
  CHECK(one == config::fingerprint(loaded(web("[\"a:1\"]", "[reload]\nwatch = \"5s\"\n"))));
  CHECK(one != config::fingerprint(loaded(web("[\"a:2\"]"))));
}

TEST_CASE("what `run` would refuse is told beside what would change, and is an error") {
  Folder folder;
  Said said;
  const auto before = folder.write("a.toml", web("[\"a:1\"]"));
  const auto after = folder.write(
      "b.toml", web("[\"a:1\", \"b:1\"]", "[admin]\ntoken_file = \"/nowhere/token\"\n"));
  CHECK(diff({before, after, false, {}}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), after + ":7:14: error: [admin] token_file: cannot read"));
  CHECK(has(said.out.str(), "+ server b:1"));
  CHECK(diff({after, before, false, {}}, said.streams()) == exit_ok);
}

}  // namespace
}  // namespace ringway::cli
