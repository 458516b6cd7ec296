// The servers of a pool: both forms, ranges, names.
#include "config_test.h"

namespace ringway::config {
namespace {

std::vector<Server> servers(std::string_view list) {
  return loaded(with_servers(list)).pools[0].servers;
}

Server only(std::string_view entry) {
  const auto all = servers("[" + std::string(entry) + "]");
  REQUIRE(all.size() == 1);
  return all[0];
}

std::string wrong(std::string_view list) {
  return problems(with_servers(list));
}

TEST_CASE("a server may be written as twemproxy writes it") {
  const Server server = only("\"10.0.0.1:11212:3 web1\"");
  CHECK(server.address == "10.0.0.1:11212");
  CHECK(server.weight == 3);
  CHECK(server.name == "web1");
  CHECK(server.name_given);
}

TEST_CASE("weight and name may be left out, each by itself") {
  CHECK(only("\"10.0.0.1:11212\"").weight == 1);
  CHECK(only("\"10.0.0.1:11212:7\"").weight == 7);
  CHECK(only("\"10.0.0.1:11212 web1\"").name == "web1");
}

TEST_CASE("without a name a server has the one that twemproxy hashes") {
  CHECK(only("\"10.0.0.1:11211:1\"").name == "10.0.0.1");
  CHECK(only("\"10.0.0.1:0600:1\"").name == "10.0.0.1:0600");
  CHECK(only("\"/run/mc.sock:1\"").name == "/run/mc.sock:");
  CHECK_FALSE(only("\"10.0.0.1:11211:1\"").name_given);
}

TEST_CASE("a unix socket is a path, with or without its prefix") {
  CHECK(only("\"/run/mc.sock:2 a\"").address == "unix:/run/mc.sock");
  CHECK(only("\"unix:/run/mc.sock\"").address == "unix:/run/mc.sock");
  CHECK(only("\"unix:/run/mc.sock:2\"").weight == 2);
}

TEST_CASE("an IPv6 address stands in brackets") {
  CHECK(only("\"[::1]:11211\"").address == "[::1]:11211");
  CHECK(only("\"[::1]:11211:5 six\"").weight == 5);
  CHECK(wrong("[\"::1:11211\"]").find("write it in brackets") != std::string::npos);
}

TEST_CASE("a server may be a table") {
  const Server server =
      only("{ address = \"10.0.0.9:11211\", name = \"n\", weight = 2, state = \"drain\" }");
  CHECK(server.name == "n");
  CHECK(server.weight == 2);
  CHECK(server.state == ServerState::drain);
}

TEST_CASE("a backup stands beside the servers it replaces") {
  CHECK(servers("[\"a:1\", { address = \"b:1\", backup = true }]")[1].backup);
  CHECK(wrong("[{ address = \"b:1\", backup = true }]").find("nothing but backups") !=
        std::string::npos);
}

TEST_CASE("a range of addresses is that many servers, each with its name") {
  const auto all = servers("[{ address = \"mc-{0..7}.x:11211\", name = \"mc-{0..7}\" }]");
  REQUIRE(all.size() == 8);
  CHECK(all[7].address == "mc-7.x:11211");
  CHECK(all[7].name == "mc-7");
}

TEST_CASE("a range works in twemproxy's form too") {
  const auto all = servers("[\"mc-{00..03}:112{11..12}:2 n{0..7}\"]");
  REQUIRE(all.size() == 8);
  CHECK(all[1].address == "mc-00:11212");
  CHECK(all[7].name == "n7");
  CHECK(all[7].weight == 2);
}

TEST_CASE("addresses and names must agree in number") {
  CHECK(wrong("[{ address = \"mc-{0..7}:1\", name = \"mc-{0..6}\" }]")
            .starts_with("a.toml:5:12: error: 8 addresses, but 7 names"));
  CHECK(wrong("[{ address = \"mc-{0..7}:1\", name = \"mc\" }]").find("8 addresses, but 1 names") !=
        std::string::npos);
}

TEST_CASE("a server twice needs two names") {
  CHECK(wrong("[\"a:1\", \"a:1\"]").find("server 'a:1' is twice in pool 'web'") !=
        std::string::npos);
  CHECK(wrong("[\"a:11211\", \"a:011211\"]").find("have the name 'a'") != std::string::npos);
  CHECK(servers("[\"a:1 x\", \"a:1 y\"]").size() == 2);
}

TEST_CASE("what is no server is refused where it stands") {
  for (const char* entry : {"\"\"",
                            "\"a\"",
                            "\"a:\"",
                            "\"a:b\"",
                            "\"a:0\"",
                            "\"a:65536\"",
                            "\"a:1:0\"",
                            "\"a:1:x\"",
                            "\"a:1:1 b c\"",
                            "\"a:1:1 \"",
                            "\"a b:1\"",
                            "\"unix:run\"",
                            "\"10.0.0:1\"",
                            "\"[::g]:1\"",
                            "\"a:1:16777217\"",
                            "5",
                            "{}",
                            "{ address = \"\" }",
                            "{ address = \"a:1\", name = \"\" }",
                            "{ address = \"a:1\", name = \"a b\" }",
                            "\"a/b:1\""}) {
    const auto told = wrong("[" + std::string(entry) + "]");
    CHECK_MESSAGE(told.starts_with("a.toml:5:"), entry, told);
  }
}

TEST_CASE("the weights of a pool together stay exact in float32") {
  CHECK(wrong("[\"a:1:16777216\", \"b:1:1\"]").find("add up to 16777217") != std::string::npos);
}

TEST_CASE("a pool without servers is an error") {
  CHECK(wrong("[]").find("pool 'web' has no servers") != std::string::npos);
  CHECK(problems("[pool.web]\n[listener.l]\nbind=\"127.0.0.1:1\"\nroute=\"web\"\n")
            .starts_with("a.toml:1:7: error: pool 'web' has no servers"));
}

}  // namespace
}  // namespace ringway::config
