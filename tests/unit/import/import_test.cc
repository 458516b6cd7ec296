// `ringway import`: every key of twemproxy, by what it becomes.
#include "import/import.h"

#include <doctest/doctest.h>

#include "ringway/ring/server_name.h"

#include "../cli/cli_test.h"

namespace ringway::cli {
namespace {

using namespace std::chrono_literals;

std::string yaml(std::string_view more, std::string_view servers = "   - 10.0.0.1:11211:1\n") {
  return "alpha:\n  listen: 127.0.0.1:22121\n" + std::string(more) + "  servers:\n" +
         std::string(servers);
}

Imported import_text(const std::string& text) {
  return import_nutcracker({{"nutcracker.yml", text}});
}

config::Config imported(const std::string& text) {
  const Imported result = import_text(text);
  for (const auto& problem : result.problems) INFO(config::text(problem));
  const auto loaded = config::load_text(result.toml, "imported", config::process_environment());
  REQUIRE(loaded.config.has_value());
  return *loaded.config;
}

config::Pool pool(std::string_view more) {
  return imported(yaml(more)).pools.at(0);
}

config::Server server(const std::string& text) {
  return imported(yaml("", "   - " + text + "\n")).pools.at(0).servers.at(0);
}

std::string wrong(const std::string& text) {
  const Imported result = import_text(text);
  CHECK(result.toml == "");
  return result.problems.empty() ? "" : config::text(result.problems[0]);
}

TEST_CASE("a pool becomes a pool and a listener of its name") {
  const auto config = imported(yaml(""));
  CHECK(config.listeners[0].name == "alpha");
  CHECK(config.listeners[0].bind[0] == "127.0.0.1:22121");
  CHECK(config.listeners[0].route == "alpha");
}

TEST_CASE("what is not said has twemproxy's defaults") {
  const auto it = pool("");
  CHECK(it.hash == "fnv1a_64");
  CHECK(it.distribution == "ketama");
  CHECK_FALSE(it.timeout.has_value());
  CHECK(it.server_connections == 1);
}

TEST_CASE("settings keep their values") {
  const auto it = pool(
      "  hash: murmur\n  distribution: modula\n  hash_tag: \"{}\"\n  timeout: 400\n"
      "  server_connections: 3\n  preconnect: true\n  tcpkeepalive: false\n");
  CHECK(it.hash == "murmur");
  CHECK(it.distribution == "modula");
  CHECK(it.hash_tag == "{}");
  CHECK(it.timeout == 400ms);
  CHECK(it.server_connections == 3);
  CHECK(it.preconnect);
  CHECK_FALSE(it.tcp_keepalive);
}

TEST_CASE("a timeout of none or zero is off") {
  CHECK_FALSE(pool("  timeout: 0\n").timeout.has_value());
}

TEST_CASE("no ejection means no checks either") {
  const auto it = pool("  auto_eject_hosts: false\n");
  CHECK(it.eject.failures == 0);
  CHECK(it.health.check == config::Check::off);
}

TEST_CASE("ejection keeps its limit and its time, and what stands-in are allowed") {
  const auto it =
      pool("  auto_eject_hosts: true\n  server_failure_limit: 1\n  server_retry_timeout: 2000\n");
  CHECK(it.eject.failures == 1);
  CHECK(it.eject.retry_after == 2s);
  CHECK_FALSE(it.eject.ttl_max.has_value());
  CHECK(it.eject.on_readmit == config::OnReadmit::keep);
  CHECK(it.health.check == config::Check::automatic);
}

TEST_CASE("ejection may take all servers, however long their failures take, as there") {
  const auto it = pool("  auto_eject_hosts: true\n");
  CHECK(it.eject.max_ejected == 1);
  CHECK(it.eject.window == 365 * 24h);
  CHECK(it.eject.retry_max == it.eject.retry_after);
}

TEST_CASE("a failure limit of 0 is reached by the first failure, and not never") {
  CHECK(pool("  auto_eject_hosts: true\n  server_failure_limit: 0\n").eject.failures == 1);
}

TEST_CASE("what twemproxy takes and ringway does not is lowered, and said so") {
  const auto toml = [](std::string_view more) { return import_text(yaml(more)).toml; };
  CHECK(has(toml("  server_connections: 10000\n"),
            "# in twemproxy: server_connections: 10000; 1024 is the most here\n"
            "server_connections = 1024\n"));
  CHECK(has(toml("  backlog: 100000\n"),
            "backlog: 100000; 65535 is the most here\n"
            "backlog = 65535\n"));
  CHECK(has(toml("  timeout: 99999999999999\n"),
            "timeout: 99999999999999; 31536000000 ms is the most here\n"
            "timeout = \"31536000000ms\"\n"));
  const auto eject = toml(
      "  auto_eject_hosts: true\n  server_failure_limit: 2000000\n"
      "  server_retry_timeout: 99999999999999\n");
  CHECK(has(eject,
            "server_failure_limit: 2000000; 1000000 is the most here\n"
            "failures = 1000000\n"));
  CHECK(has(eject, "31536000000 ms is the most here\nretry_after = \"31536000000ms\"\n"));
}

TEST_CASE("connecting may take all of a longer timeout") {
  CHECK(pool("  timeout: 400\n").connect_timeout == 1500ms);
  CHECK(pool("  timeout: 5000\n").connect_timeout == 5s);
  CHECK(pool("").connect_timeout == 1500ms);
}

TEST_CASE("ejection without numbers has twemproxy's") {
  const auto it = pool("  auto_eject_hosts: true\n");
  CHECK(it.eject.failures == 2);
  CHECK(it.eject.retry_after == 30s);
  CHECK(pool("  auto_eject_hosts: true\n  server_retry_timeout: 600000\n").eject.retry_max ==
        10min);
}

TEST_CASE("a Redis pool is one, and rehashes as it did") {
  const auto it =
      pool("  redis: true\n  auto_eject_hosts: true\n  redis_auth: secret\n  redis_db: 2\n");
  CHECK(it.protocol == config::Protocol::redis);
  CHECK(it.eject.mode == config::EjectMode::rehash);
  CHECK(has(import_text(yaml("  redis: true\n  redis_auth: secret\n  redis_db: 2\n")).toml,
            "# password = \"secret\"\ndatabase = 2\n"));
}

TEST_CASE("listeners: sockets, permissions, backlog, IPv6") {
  const auto listener = [](const std::string& lines) {
    return imported("a:\n" + lines + "  servers:\n   - h:1:1\n").listeners.at(0);
  };
  CHECK(listener("  listen: /tmp/a.sock 0660\n").bind[0] == "unix:/tmp/a.sock");
  CHECK(listener("  listen: /tmp/a.sock 0660\n").mode == 0660u);
  CHECK(listener("  listen: /tmp/a.sock 777\n").mode == 0777u);
  CHECK_FALSE(listener("  listen: /tmp/a.sock\n").mode.has_value());
  CHECK(listener("  listen: ::1:28404\n").bind[0] == "[::1]:28404");
  CHECK(listener("  listen: localhost:1\n  backlog: 1024\n").backlog == 1024);
  CHECK(listener("  listen: localhost:1\n").bind[0] == "127.0.0.1:1");
}

TEST_CASE("a server keeps weight and name") {
  const auto it = server("10.0.0.1:6380:7 server1");
  CHECK(it.address == "10.0.0.1:6380");
  CHECK(it.weight == 7);
  CHECK(it.name == "server1");
}

TEST_CASE("the name that is hashed is the one that twemproxy hashed") {
  CHECK(server("10.0.0.1:11211:1").name == "10.0.0.1");
  CHECK(server("10.0.0.1:011211:1").name == "10.0.0.1");
  CHECK(server("10.0.0.1:0600:1").name == "10.0.0.1:0600");
  CHECK(server("/tmp/mc.sock:1").name == "/tmp/mc.sock:");
  CHECK(server("::1:28404:1").name == "::1:28404");
  CHECK(server("::1:28404:1").address == "[::1]:28404");
  CHECK(server("::1:11211:1").name == "::1");
}

TEST_CASE("what never worked or has no equal is a comment") {
  CHECK(has(import_text(yaml("  client_connections: 5\n")).toml, "# client_connections never"));
  CHECK(has(import_text(yaml("  reuseport: true\n")).toml, "# reuseport is not needed"));
  const Imported fork = import_text(yaml("  select: 1\n"));
  CHECK(has(fork.toml, "# not imported: select"));
  REQUIRE(fork.problems.size() == 1);
  CHECK(fork.problems[0].severity == config::Severity::warning);
}

TEST_CASE("names that cannot be ours are changed, and said so") {
  const auto text = import_text("a b:\n  listen: 127.0.0.1:1\n  servers:\n   - h:1:1\n").toml;
  CHECK(has(text, "[pool.a-b]\n# in twemproxy: \"a b\"\n"));
}

TEST_CASE("several files become one") {
  const auto one = NutcrackerFile{"1.yml", yaml("")};
  const auto two =
      NutcrackerFile{"2.yml", "beta:\n  listen: 127.0.0.1:2\n  servers:\n   - h:1:1\n"};
  CHECK(has(import_nutcracker({one, two}).toml, "[pool.beta]"));
  const auto twice = import_nutcracker({one, one});
  REQUIRE_FALSE(twice.problems.empty());
  CHECK(has(config::text(twice.problems[0]), "pool 'alpha' is there twice"));
}

TEST_CASE("what twemproxy would refuse is refused with its place") {
  CHECK(wrong(yaml("  timeout: soon\n")) ==
        "nutcracker.yml:3:12: error: timeout: \"soon\" is no number\n"
        "  write digits alone: times are in milliseconds");
  CHECK(has(wrong(yaml("  redis: yes\n")), ":3:10: error: redis"));
  CHECK(has(wrong(yaml("  timeout: 1\n  timeout: 2\n")), ":4:3: error: 'timeout' is set twice"));
  CHECK(has(wrong(yaml("  timeout:\n")), "'timeout' has no plain value"));
  CHECK(has(wrong(yaml("  hash: none\n")), "\"none\" is none of"));
  CHECK(has(wrong(yaml("", "   - 10.0.0.1\n")), "is no server"));
  CHECK(has(wrong(yaml("", "   - 10.0.0.1:11211:0\n")), "out of range"));
  CHECK(has(wrong("a:\n  servers:\n   - h:1:1\n"), "pool 'a' has no listen"));
  CHECK(has(wrong("a:\n  listen: 127.0.0.1:1\n"), "has no servers"));
  CHECK(has(wrong("- a\n"), "no twemproxy configuration"));
  CHECK(has(wrong("a: [\n"), "nutcracker.yml:"));
  CHECK(has(wrong("a: 5\n"), "pool 'a' is no table"));
}

TEST_CASE("nothing is told a place in the text that was made, but the one in the yml") {
  CHECK(wrong(yaml("  server_connections: 0\n")).starts_with("nutcracker.yml:3:23: error: "));
  CHECK(wrong(yaml("", "   - 10.0.0.1:1:1\n   - 10.0.0.1:2:99999999\n"))
            .starts_with("nutcracker.yml:5:6: error: "));
  // 2^24 together: a weight that is lowered would move keys.
  const auto heavy = wrong(yaml("", "   - 10.0.0.1:1:16777000\n   - 10.0.0.1:2:16777000\n"));
  CHECK(heavy.starts_with("nutcracker.yml:1:1: error: "));
  CHECK(has(heavy, "add up to 33554000"));
  CHECK(wrong("a:\n  listen: 0.0.0.0:1\n  servers:\n   - h:1:1\n"
              "b:\n  listen: 127.0.0.1:1\n  servers:\n   - h:1:1\n")
            .starts_with("nutcracker.yml:6:11: error: listener 'b' binds the same address as "
                         "listener 'a' in line 2"));
  for (const std::string_view more : {"  timeout: 0\n", "  hash: md6\n", "  hash_tag: abc\n"}) {
    for (const auto& problem : import_text(yaml(more)).problems) {
      CHECK(problem.where.file == "nutcracker.yml");
    }
  }
}

TEST_CASE("two of a kind are told with both places") {
  CHECK(wrong("a:\n  listen: 127.0.0.1:1\n  servers:\n   - h:1:1\n"
              "b:\n  listen: localhost:1\n  servers:\n   - h:1:1\n") ==
        "nutcracker.yml:6:11: error: two pools listen on localhost:1, first in nutcracker.yml:2\n"
        "  let each listen elsewhere");
  CHECK(has(wrong(yaml("", "   - 10.0.0.1:1:1 x\n   - 10.0.0.2:1:1 x\n")),
            "nutcracker.yml:5:6: error: two servers of pool 'alpha' have the name 'x', the other "
            "in line 4"));
}

TEST_CASE("a listen name that only a resolver knows must be written out") {
  CHECK(has(wrong("a:\n  listen: box:1\n  servers:\n   - h:1:1\n"), "'box' is a name"));
}

TEST_CASE("any file loads by its kind") {
  Folder folder;
  const auto old_file = folder.write("n.yml", yaml(""));
  const auto new_file = folder.write("n.toml", import_text(yaml("")).toml);
  const auto before = load_any(old_file);
  const auto after = load_any(new_file);
  REQUIRE(before.config.has_value());
  CHECK(before.config->pools[0].where == config::Place{old_file, 1, 1});
  CHECK(before.config->pools[0].servers[0].where == config::Place{old_file, 4, 6});
  CHECK(config::placeless(*before.config).pools == config::placeless(*after.config).pools);
  CHECK_FALSE(load_any("/nowhere.yml").config.has_value());
  const auto redis = load_any(folder.write("r.yml", yaml("  redis: true\n")));
  REQUIRE(redis.problems.size() == 1);
  CHECK(redis.problems[0].where.line == 3);
}

TEST_CASE("an unknown key with a line end within stays in its comment") {
  const auto made = import_text(yaml("  \"odd\\n[listener.evil]\\nbind = 1\": 5\n"));
  CHECK(has(made.toml, "# not imported: odd"));
  CHECK_FALSE(has(made.toml, "\n[listener.evil]"));
}

TEST_CASE("the command prints TOML on out and problems on err") {
  Folder folder;
  Said said;
  CHECK(import({folder.write("n.yml", yaml(""))}, said.streams()) == exit_ok);
  CHECK(has(said.out.str(), "[pool.alpha]"));
  CHECK(import({"/nowhere.yml"}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), "/nowhere.yml: error: cannot read"));
}

}  // namespace
}  // namespace ringway::cli
