// What is wrong is told with its place and what to write instead.
#include "config_test.h"

namespace ringway::config {
namespace {

bool tells(std::string_view toml, std::string_view expected) {
  const auto all = problems(toml);
  INFO(all);
  const bool told = all.find(expected) != std::string::npos;
  CHECK_MESSAGE(told, all);
  return told;
}

TEST_CASE("an unknown key names its nearest neighbour") {
  CHECK(problems(with_pool("timeuot = \"5s\"\n")) ==
        "a.toml:6:1: error: unknown key 'timeuot' in [pool.web]\n  did you mean 'timeout'?\n");
}

TEST_CASE("an unknown key that is known elsewhere is sent there") {
  tells(with_pool("interval = \"5s\"\n"), "it belongs in [pool.NAME.health]");
  tells(with_pool("workesr = 2\n"), "'workers' belongs in [router]");
}

TEST_CASE("an unknown section names its nearest neighbour") {
  tells(with_pool("[roter]\n"), "unknown section [roter]\n  did you mean 'router'?");
  tells(with_pool("[defaults.pol]\n"), "unknown section [defaults.pol]");
}

TEST_CASE("every problem is told at once, in the order of lines") {
  const auto all = problems(with_pool("hash = \"md6\"\ntimeout = 5\n[router]\nworkers = -1\n"));
  const auto first = all.find("a.toml:6:8");
  const auto second = all.find("a.toml:7:11");
  const auto third = all.find("a.toml:9:11");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third != std::string::npos);
}

TEST_CASE("the first syntax error is the only problem") {
  const auto result = load_text("[pool.web\nhash = 5\n", "a.toml", no_environment());
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].where.line == 1);
}

TEST_CASE("a number needs its unit, and is told which") {
  tells(with_pool("timeout = 500\n"), "not the number 500\n  give it a unit: \"500ms\"");
  tells(with_pool("server_queue_bytes_max = 500\n"), "give it a unit: \"500B\"");
  tells(with_pool("retry_budget = 0.1\n"), "write \"10%\"");
  tells(with_pool("retry_budget = 10\n"), "write \"10%\"");
}

TEST_CASE("values of the wrong type are named for what they are") {
  tells(with_pool("preconnect = \"yes\"\n"), "expected true or false, not \"yes\"");
  tells(with_pool("server_connections = \"2\"\n"), "expected a whole number, not \"2\"");
  tells(with_pool("hash = 5\n"), "not the number 5");
  tells(with_pool("zone = [\"a\"]\n"), "expected text, not a list");
  tells(with_pool("eject = 5\n"), "[pool.web.eject] is a table, not the number 5");
}

TEST_CASE("numbers have limits") {
  tells(with_pool("server_connections = 0\n"), "0 is out of range\n  it may be from 1 to 1024");
  tells(with_pool("tcp_keepalive_idle = \"1ms\"\n"), "it may be from 1s to 9h");
  tells(with_pool("[defaults.listener]\nvalue_max = \"129MiB\"\n"), "to 128MiB");
}

TEST_CASE("a wrong word names the right one") {
  tells(with_pool("hash = \"fnv1a64\"\n"), "did you mean \"fnv1a_64\"?");
  tells(with_pool("distribution = \"ketam\"\n"), "did you mean \"ketama\"?");
  tells(with_pool("[router]\nio = \"uring\"\n"), "did you mean \"io_uring\"?");
}

TEST_CASE("a hash tag is two characters") {
  CHECK(loaded(with_pool("hash_tag = \"{}\"\n")).pools[0].hash_tag == "{}");
  CHECK(loaded(with_pool("hash_tag = \"$$\"\n")).pools[0].hash_tag == "$$");
  tells(with_pool("hash_tag = \"{\"\n"), "exactly two characters");
}

TEST_CASE("a problem in the defaults is told once, where it stands") {
  const auto all = problems(with_pool("[pool.b]\nservers=[\"b:1\"]\n[defaults.pool]\nhash=5\n"));
  const auto told = all.find("a.toml:9:6: error: hash:");
  CHECK(told != std::string::npos);
  CHECK(all.find("error: hash:", told + 20) == std::string::npos);
}

TEST_CASE("keys of later versions are known, checked, warned about") {
  const auto result = load_text(with_pool("database = 1\n"), "a.toml", no_environment());
  CHECK(result.config.has_value());
  CHECK(all_text(result.problems) ==
        "a.toml:6:1: warning: 'database' is not yet supported, ignored\n"
        "  leave it out until a release names it\n");
  tells(with_pool("database = \"x\"\n"), "error: database: expected a whole number");
  tells(with_pool("[route.r]\ntype = \"prefix\"\ndefault = \"web\"\n"),
        "warning: [route.r] is not yet supported");
}

TEST_CASE("what asks for protection that is not there is an error, wherever it stands") {
  for (const std::string line : {"tls = {}", "tls = { cert = \"a\" }", "username = \"u\"",
                                 "password = \"x\"", "password_file = \"/etc/password\""}) {
    for (const std::string& toml :
         {with_pool(line + "\n"), with_pool("[defaults.pool]\n" + line + "\n")}) {
      const auto result = load_text(toml, "a.toml", no_environment());
      CHECK_MESSAGE(!result.config.has_value(), line);
      tells(toml, ": error: '" + line.substr(0, line.find(' ')) + "' asks for protection");
    }
  }
  tells(with_pool("[defaults.listener]\ntls = {}\n"), ": error: 'tls' asks for protection");
  CHECK(problems(with_pool("password = \"${PASSWORD:-}\"\n")) == "");
}

TEST_CASE("a mode of ejection that nobody carries out is an error") {
  tells(with_pool("[pool.web.eject]\nmode = \"spare\"\n"),
        "a.toml:7:8: error: mode: \"spare\" is not yet supported\n"
        "  write \"rehash\", \"backup\" or \"error\"\n");
}

TEST_CASE("redis pools load, keep their keys in place, and only `run` refuses them") {
  const Config config = loaded(with_pool("protocol = \"redis\"\n"));
  CHECK(config.pools[0].eject.mode == EjectMode::error);
  const Problems refused = refusals(config);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].where.line == 1);
  CHECK(refusals(loaded(with_pool(""))).empty());
}

TEST_CASE("a redis pool that says rehash gets it") {
  const Config config =
      loaded(with_pool("protocol = \"redis\"\n[defaults.pool.eject]\n"
                       "mode = \"rehash\"\n"));
  CHECK(config.pools[0].eject.mode == EjectMode::rehash);
}

TEST_CASE("routes and pools share one namespace") {
  tells(with_pool("[route.web]\ntype = \"failover\"\nto = [\"web\"]\n"),
        "a pool and a route have the name 'web'");
  tells(with_pool("[route.r]\ntype = \"failover\"\nto = [\"wbe\"]\n"), "did you mean 'web'?");
}

TEST_CASE("a listener must lead somewhere") {
  tells("[listener.l]\nbind = \"127.0.0.1:1\"\nroute = \"wb\"\n[pool.web]\nservers=[\"a:1\"]\n",
        "a.toml:3:9: error: listener 'l' names 'wb', which is no pool or route\n"
        "  did you mean 'web'?");
  tells("[listener.l]\n[pool.web]\nservers=[\"a:1\"]\n", "listener 'l' has no address");
  tells("[listener.l]\n[pool.web]\nservers=[\"a:1\"]\n", "listener 'l' has no route");
}

TEST_CASE("no two listeners share an address") {
  const auto second = [](std::string bind) {
    return with_pool("[listener.b]\nroute = \"web\"\nbind = \"" + bind + "\"\n");
  };
  tells(second("127.0.0.1:11311"),
        "listener 'b' binds the same address as listener 'web' in line 2");
  tells(second("0.0.0.0:11311"), "binds the same address");
  tells(second("127.0.0.1:011311"), "binds the same address");
  CHECK(problems(second("127.0.0.2:11311")) == "");
  CHECK(problems(second("[::1]:11311")) == "");
  CHECK(problems(second("unix:/run/web.sock")) == "");
  tells(second("localhost:11311"), "'localhost' is a name, not an address");
}

TEST_CASE("two spellings of an address are one") {
  const auto both = [](std::string one, std::string other) {
    return with_pool("[listener.b]\nroute = \"web\"\nbind = [\"" + one + "\", \"" + other +
                     "\"]\n");
  };
  tells(both("[::1]:2", "[0:0:0:0:0:0:0:1]:2"), "binds the same address");
  tells(both("[::1]:2", "[0::0]:2"), "binds the same address");
  tells(both("/run/web.sock", "unix:/run/.//web.sock"), "binds the same address");
  CHECK(problems(both("/run/web.sock", "/run/a/../web.sock")) == "");
}

TEST_CASE("the admin address is guarded beyond loopback") {
  tells(with_pool("[admin]\nbind = \"0.0.0.0:9311\"\n"), "beyond loopback without token_file");
  tells(with_pool("[admin]\nbind = [\"127.0.0.1:1\", \"0.0.0.0:2\"]\n"),
        "beyond loopback without token_file");
  CHECK(problems(with_pool("[admin]\nbind = \"off\"\n")) == "");
  CHECK(problems(with_pool("[admin]\nbind = [\"127.0.0.1:1\", \"[::1]:1\"]\n")) == "");
  tells(with_pool("[admin]\nbind = [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n"),
        "[admin] binds the same address");
  tells(with_pool("[admin]\nhosts = [\"http://router1/\"]\n"), "write the name alone");
  CHECK(problems(with_pool("[admin]\nbind = \"[0::1]:9311\"\n")) == "");
  CHECK(problems(with_pool("[admin]\nbind = \"unix:/run/a.sock\"\n")) == "");
  tells(with_pool("[admin]\nbind = \"127.0.0.1:11311\"\n"), "[admin] binds the same address");
}

TEST_CASE("a client's output can hold one ask above its mark") {
  tells(with_pool("[defaults.listener]\nclient_output_max = \"64MiB\"\n"),
        "a.toml:7:21: error: client_output_max 64MiB of listener 'web' is less than");
  CHECK(problems(with_pool("[defaults.listener]\nclient_output_max = \"65MiB\"\n")) == "");
  tells(with_pool("[defaults.listener]\nvalue_max = \"128MiB\"\n"),
        "lower keys_per_ask: \"1GiB\" is the most that can be written here");
  CHECK(problems(with_pool("[defaults.listener]\nvalue_max = \"128MiB\"\nkeys_per_ask = 7\n"
                           "client_output_max = \"1GiB\"\n")) == "");
  tells(with_pool("[defaults.listener]\nclient_output_max = \"2GiB\"\n"), "1GiB");
}

TEST_CASE("a file without pools or listeners is told so") {
  tells("", "a.toml: error: there is no listener");
  tells("", "a.toml: error: there is no pool");
}

TEST_CASE("more servers than there are ids for are told at the pool that is too much") {
  std::string pools;
  for (int i = 0; i < 14; ++i) {
    pools += "[pool.p" + std::to_string(i) + "]\nservers = [\"10.0.0.1:{10000..19999}\"]\n";
  }
  const std::string told = problems(with_pool(pools));
  CHECK(told.find(":32:7: error: with pool 'p13' there are more than 131072 servers") != told.npos);
}

TEST_CASE("names become labels and are held to it") {
  tells(with_pool("[pool.\"a b\"]\n"), "'a b' cannot be a name");
}

TEST_CASE("permissions are octal text") {
  const Config config = loaded(with_pool("[defaults.listener]\nmode = \"0660\"\n"));
  CHECK(config.listeners[0].mode == 0660u);
  tells(with_pool("[defaults.listener]\nmode = \"0680\"\n"), "write \"0660\"");
}

TEST_CASE("a time to apply carries its zone") {
  const Config config = loaded(with_pool("[reload]\napply_at = 2026-11-22T18:00:00Z\n"));
  CHECK(config.reload.apply_at_unix_s == 1795370400);
  const Config east = loaded(with_pool("[reload]\napply_at = 2026-11-22T19:00:00+01:00\n"));
  CHECK(east.reload.apply_at_unix_s == 1795370400);
  tells(with_pool("[reload]\napply_at = 2026-11-22T18:00:00\n"), "expected a time with its zone");
}

}  // namespace
}  // namespace ringway::config
