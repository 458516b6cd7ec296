// Settings that do nothing are warnings, each at its place; what is by default says nothing.
#include "../folder.h"
#include "config_test.h"

namespace ringway::config {
namespace {

// A warning of this line and no error; and nothing else.
void warns(const std::string& toml, const std::string& expected) {
  const auto result = load_text(toml, "a.toml", no_environment());
  const auto all = all_text(result.problems);
  CHECK_MESSAGE(result.config.has_value(), all);
  REQUIRE_MESSAGE(result.problems.size() == 1, toml, all);
  CHECK_MESSAGE(all.find("warning: " + expected) != std::string::npos, all);
  CHECK(!result.problems[0].hint.empty());
  CHECK(result.problems[0].where.line > 0);
}

void silent(const std::string& toml) {
  CHECK(problems(toml) == "");
}

std::string with_backup(const std::string& eject) {
  return with_servers("[\"a:1\", { address = \"b:1\", backup = true }]\n[pool.web.eject]\n" +
                      eject);
}

TEST_CASE("ejection: what its mode or its absence leaves idle") {
  const std::string eject = "[pool.web.eject]\n";
  for (const std::string line : {"window = \"1s\"", "max_ejected = \"10%\"", "retry_after = \"1s\"",
                                 "retry_max = \"1h\"", "on_readmit = \"keep\""}) {
    warns(with_pool(eject + "failures = 0\n" + line + "\n"),
          line.substr(0, line.find(' ')) + " has no effect: failures is 0");
    silent(with_pool(eject + line + "\n"));
  }
  warns(with_pool(eject + "failures = 1\nwindow = \"1s\"\n"),
        "window has no effect: failures is 1");
  warns(with_pool(eject + "then = \"error\"\n"), "then has no effect");
  warns(with_pool(eject + "mode = \"error\"\nttl_max = \"1m\"\n"), "ttl_max has no effect");
  warns(with_pool(eject + "on_readmit = \"keep\"\nowed_max = \"1MiB\"\n"), "owed_max has no");
  silent(with_pool(eject + "failures = 0\nwindow = \"10s\"\nmode = \"error\"\n"));
}

TEST_CASE("backups without the mode, and the mode without backups") {
  warns(with_backup(""), "the backup 'b:1' of pool 'web' never gets a key");
  warns(with_pool("[pool.web.eject]\nmode = \"backup\"\n"),
        "mode is \"backup\", and pool 'web' has");
  silent(with_backup("mode = \"backup\"\nthen = \"error\"\n"));
}

TEST_CASE("checks, retries, probes, connections, names") {
  for (const std::string line : {"interval = \"1s\"", "timeout = \"2s\"", "fall = 5", "rise = 5"}) {
    warns(with_pool("[pool.web.health]\ncheck = \"off\"\n" + line + "\n"),
          line.substr(0, line.find(' ')) + " has no effect: check is \"off\"");
    silent(with_pool("[pool.web.health]\n" + line + "\n"));
  }
  warns(with_pool("read_retries = 0\nretry_budget = \"20%\"\n"), "retry_budget has no effect");
  warns(with_pool("tcp_keepalive = false\ntcp_keepalive_idle = \"9s\"\n"),
        "tcp_keepalive_idle has");
  warns(with_pool("preconnect = true\nserver_idle_timeout = \"1m\"\n"),
        "server_idle_timeout has no");
  warns(with_pool("distribution = \"random\"\nhash = \"md5\"\n"), "hash has no effect");
  warns(with_pool("dns_refresh = \"30s\"\n"), "dns_refresh has no effect: no server has a name");
  warns(with_servers("[\"/run/a.sock\"]\ntcp_user_timeout = \"9s\""), "tcp_user_timeout has no");
}

TEST_CASE("pools that nobody can use") {
  warns(with_pool("[pool.other]\nservers = [\"a:1\"]\n"), "no listener leads to pool 'other'");
  warns(with_servers("[{ address = \"a:1\", state = \"maintenance\" }]"),
        "no server of pool 'web' takes its keys");
  silent(with_servers("[\"b:1\", { address = \"a:1\", state = \"maintenance\" }]"));
}

TEST_CASE("ringway as its own server") {
  const auto listening = [](const std::string& bind, const std::string& server) {
    return "[listener.web]\nbind = \"" + bind + "\"\nroute = \"web\"\n[pool.web]\nservers = [\"" +
           server + "\"]\n";
  };
  warns(listening("127.0.0.1:11211", "127.0.0.1:11211"),
        "server '127.0.0.1:11211' of pool 'web' is");
  warns(listening("0.0.0.0:11211", "localhost:11211"), "server 'localhost:11211' of pool");
  warns(listening("/run/a.sock", "unix:/run//a.sock"), "server 'unix:/run//a.sock' of pool");
  silent(listening("127.0.0.1:11311", "127.0.0.1:11211"));
  silent(listening("127.0.0.1:11211", "10.0.0.1:11211"));
}

TEST_CASE("listeners and the process") {
  warns(with_pool("[listener.b]\nroute = \"web\"\nbind = \"127.0.0.1:1\"\nmode = \"0660\"\n"),
        "mode has no effect: permissions are for unix sockets");
  silent(with_pool("[listener.b]\nroute = \"web\"\nbind = \"/run/b.sock\"\nmode = \"0660\"\n"));
  warns(with_pool("[router]\nmemory_max = \"1B\"\n"), "memory_max 1B is less than ringway needs");
  warns(with_pool("[reload]\naccept_moved = \"yes\"\n"), "accept_moved \"yes\" is no hash");
  silent(with_pool("[reload]\naccept_moved = \"0123456789abcdef\"\n"));
  warns(with_pool("[admin]\nbind = \"off\"\ntoken_file = \"/t\"\n"), "token_file has no effect");
  warns(with_pool("[reload]\nwatch = \"1ms\"\n"), "watch 1ms reads all files that often");
  silent(with_pool("[reload]\nwatch = \"100ms\"\n"));
}

TEST_CASE("permissions and names of HTTP addresses that are off or have none") {
  for (const std::string section : {"admin", "metrics"}) {
    const std::string table = "[" + section + "]\n";
    for (const std::string key : {"mode = \"0666\"\n", "group = \"adm\"\n"}) {
      const std::string what = key.substr(0, key.find(' ')) + " has no effect: ";
      warns(with_pool(table + key), what + "permissions are for unix sockets alone");
      warns(with_pool(table + key + "bind = \"127.0.0.1:1\"\n"), what + "permissions are for unix");
      warns(with_pool(table + key + "bind = \"off\"\n"), what + "the " + section + " address is");
      silent(with_pool(table + key + "bind = [\"127.0.0.1:1\", \"/run/a.sock\"]\n"));
    }
  }
  warns(with_pool("[admin]\nbind = \"off\"\nhosts = [\"a.b\"]\n"),
        "hosts has no effect: the admin");
  silent(with_pool("[admin]\nhosts = [\"a.b\"]\n"));
}

TEST_CASE("times that no healthy server keeps") {
  warns(with_pool("timeout = \"1ms\"\n"), "timeout 1ms is shorter than pauses");
  warns(with_pool("connect_timeout = \"1ms\"\n"), "connect_timeout 1ms is shorter");
  warns(with_pool("[pool.web.health]\ntimeout = \"1ms\"\n"), "health.timeout 1ms is shorter");
  silent(with_pool("timeout = \"5ms\"\n"));
}

TEST_CASE("a pattern of files that matches none") {
  const testing::Folder folder;
  const auto file = folder.write("a.toml", "include = [\"none.d/*.toml\"]\n" + with_pool(""));
  const auto told = all_text(load_file(file, no_environment()).problems);
  CHECK(told.starts_with(file + ":1:12: warning: no file matches none.d/*.toml\n  "));
}

TEST_CASE("what is printed of a file that says nothing odd says nothing odd") {
  CHECK(problems(printed(loaded(with_pool("")))) == "");
}

}  // namespace
}  // namespace ringway::config
