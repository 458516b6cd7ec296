// The loader from text to Config: what loads, and to what.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "../folder.h"
#include "config_test.h"

namespace ringway::config {
namespace {

using testing::Folder;

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

TEST_CASE("pools inherit the defaults, table by table") {
  const Config config =
      loaded(with_pool("[pool.web.eject]\nfailures = 7\n"
                       "[pool.b]\ntimeout = \"1s\"\nservers = [\"b:1\"]\n"
                       "[defaults.pool]\ntimeout = \"off\"\nhash = \"md5\"\n"
                       "[defaults.pool.eject]\nfailures = 5\nwindow = \"3s\"\n"));
  CHECK_FALSE(config.pools[0].timeout.has_value());
  CHECK(config.pools[0].eject.failures == 7);
  CHECK(config.pools[0].eject.window == 3s);
  CHECK(config.pools[1].timeout == 1s);
  CHECK(config.pools[1].hash == "md5");
  CHECK(config.pools[1].eject.failures == 5);
}

TEST_CASE("pools and listeners come in the order of the file") {
  const Config config =
      loaded(with_pool("[pool.b]\nservers=[\"b:1\"]\n[pool.a]\nservers=[\"a:1\"]\n"));
  CHECK(config.pools[1].name == "b");
  CHECK(config.pools[2].name == "a");
}

TEST_CASE("off is no limit") {
  const Config config =
      loaded(with_pool("server_idle_timeout = \"off\"\n[router]\n"
                       "memory_max = \"off\"\n[metrics]\nbind = \"off\"\n"));
  CHECK_FALSE(config.pools[0].server_idle_timeout.has_value());
  CHECK_FALSE(config.router.memory_max.has_value());
  CHECK_FALSE(config.router.memory_max_default);
  CHECK(config.metrics.bind.empty());
}

TEST_CASE("things know where they were written") {
  const Config config = loaded(with_pool(""));
  CHECK(config.listeners[0].where == Place{"a.toml", 1, 11});
  CHECK(config.pools[0].where == Place{"a.toml", 4, 7});
  CHECK(config.pools[0].servers[0].where == Place{"a.toml", 5, 12});
}

Loaded load(const std::string& path) {
  return load_file(path, no_environment());
}

TEST_CASE("a file includes others, sorted, relative to itself") {
  Folder folder;
  const auto main = folder.write("main.toml", "include = [\"pools.d/*.toml\"]\n" + with_pool(""));
  folder.write("pools.d/2.toml", "[pool.two]\nservers=[\"b:1\"]\n");
  folder.write("pools.d/1.toml", "[pool.one]\nservers=[\"a:1\"]\n");
  const Loaded result = load(main);
  REQUIRE(result.config.has_value());
  REQUIRE(result.config->pools.size() == 3);
  CHECK(result.config->pools[1].name == "one");
  CHECK(result.config->pools[2].name == "two");
  CHECK(result.config->files.size() == 3);
}

TEST_CASE("an included file may add to a table, but not set a key again") {
  Folder folder;
  const auto main =
      folder.write("main.toml", "include = \"more.toml\"\n" + with_pool("timeout = \"1s\"\n"));
  const auto more = folder.write("more.toml", "[pool.web]\nhash = \"md5\"\ntimeout = \"2s\"\n");
  const Loaded result = load(main);
  CHECK(all_text(result.problems) == more + ":3:1: error: 'timeout' is set twice, first in " +
                                         main + ":7\n  keep one of the two\n");
}

TEST_CASE("a file that cannot be read is named with its reason") {
  Folder folder;
  CHECK(all_text(load("/nowhere/a.toml").problems) ==
        "/nowhere/a.toml: error: cannot read /nowhere/a.toml: No such file or directory\n"
        "  correct its name, or let ringway's user read it; it is text of at most 16MiB\n");
  const auto main = folder.write("main.toml", "include = \"none.toml\"\n" + with_pool(""));
  CHECK(all_text(load(main).problems).starts_with(main + ":1:11: error: cannot read "));
  CHECK(all_text(load("/").problems).find("Is a directory") != std::string::npos);
}

TEST_CASE("a file that becomes a pipe while it is looked at is not waited for") {
  Folder folder;
  const std::string file = folder.write("a.toml", with_pool(""));
  const std::string pipe = file + ".pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::atomic<int> loads = 0;
  std::atomic<bool> stuck = false;
  std::thread swapping([&] {
    auto moved_at = std::chrono::steady_clock::now();
    for (int seen = 0; loads < 2000;) {
      // Exchanged, so that it is always there.
      ::renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, pipe.c_str(), RENAME_EXCHANGE);
      const auto now = std::chrono::steady_clock::now();
      if (std::exchange(seen, loads.load()) != loads) moved_at = now;
      if (now - moved_at < std::chrono::seconds(3)) continue;
      stuck = true;
      for (const std::string& one : {file, pipe}) {
        const int fd = ::open(one.c_str(), O_RDWR | O_NONBLOCK);
        if (fd >= 0) ::close(fd);
      }
    }
  });
  while (loads < 2000) {
    load_file(file, no_environment(), MainFile::regular);
    loads = stuck ? 2000 : loads + 1;
  }
  swapping.join();
  CHECK_FALSE(stuck);
}

TEST_CASE(
    "nothing that reading could wait for is opened, but the main file where it is asked for") {
  Folder folder;
  const auto regular = folder.write("a.toml", "include = \"pipe\"\n" + with_pool(""));
  const auto pipe = std::filesystem::path(regular).parent_path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto wrong = [](const Loaded& loaded) { return all_text(loaded.problems); };
  CHECK(wrong(load(regular)).find("pipe: is not a regular file") != std::string::npos);
  const auto servers = folder.write("b.toml", with_servers("[]\nservers_file = \"pipe\""));
  CHECK(wrong(load(servers)).find("pipe: is not a regular file") != std::string::npos);
  CHECK(wrong(load_file(pipe, no_environment(), MainFile::regular)).find("not a regular file") !=
        std::string::npos);
  std::thread writer([&] { std::ofstream(pipe) << with_pool(""); });
  CHECK(load_file(pipe, no_environment()).config.has_value());
  writer.join();
}

TEST_CASE("an included file cannot include, nor be included twice") {
  Folder folder;
  const auto main = folder.write("main.toml", "include = \"a.toml\"\n" + with_pool(""));
  folder.write("a.toml", "include = \"b.toml\"\n");
  CHECK(all_text(load(main).problems).find("cannot include") != std::string::npos);
  const auto own = folder.write("own.toml", "include = \"own.toml\"\n" + with_pool(""));
  CHECK(all_text(load(own).problems).find("included twice") != std::string::npos);
}

// --- printed() is the inverse of load

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  std::uint32_t below(std::uint32_t n) {
    return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(engine_);
  }
  bool coin() { return below(2) == 0; }
  Duration time() { return Duration(1'000'000ll * (1 + below(100'000))); }
  std::string text() {
    static const std::string pieces[] = {"a",  "${", "}",    "\"", "\\", "$",
                                         "$$", "\n", "\x7f", "ü",  "#"};
    std::string out;
    for (auto i = below(6); i > 0; --i) out += pieces[below(std::size(pieces))];
    return out;
  }
  MaybeTime maybe_time() { return coin() ? MaybeTime() : MaybeTime(time()); }

 private:
  std::mt19937 engine_;
};

Server random_server(Chance& chance, std::uint32_t number) {
  Server server;
  server.address = "10.0.0." + std::to_string(number) + ":11211";
  server.name_given = chance.coin();
  server.name =
      server.name_given ? "s" + std::to_string(number) : "10.0.0." + std::to_string(number);
  server.weight = 1 + chance.below(100);
  server.state = static_cast<ServerState>(chance.below(3));
  server.backup = number > 0 && chance.coin();
  return server;
}

Pool random_pool(Chance& chance, std::uint32_t number) {
  Pool pool;
  pool.name = "p." + std::to_string(number);
  pool.hash = chance.coin() ? "md5" : "xxh3_64";
  pool.distribution = chance.coin() ? "ring" : "modula";
  pool.hash_tag = chance.coin() ? "{}" : "";
  pool.zone = chance.text();
  pool.timeout = chance.maybe_time();
  pool.backoff_min = chance.time();
  pool.backoff_max = pool.backoff_min + chance.time();
  pool.server_idle_timeout = chance.maybe_time();
  pool.preconnect = chance.coin();
  pool.retry_budget = chance.below(1001) / 1000.0;
  pool.server_queue_bytes_max = 1 + chance.below(1u << 30);
  pool.eject.failures = chance.below(10);
  pool.eject.mode = chance.coin() ? EjectMode::backup : EjectMode::error;
  pool.eject.then = chance.coin() ? EjectMode::rehash : EjectMode::error;
  pool.health.check = static_cast<Check>(chance.below(3));
  for (std::uint32_t i = 0; i <= chance.below(5); ++i)
    pool.servers.push_back(random_server(chance, i));
  return pool;
}

Config random_config(unsigned seed) {
  Chance chance(seed);
  Config config;
  config.router.zone = chance.text();
  config.router.memory_max_default = chance.coin();
  if (!config.router.memory_max_default && chance.coin())
    config.router.memory_max = 1 + chance.below(9999);
  config.log.format = static_cast<LogFormat>(chance.below(2));
  config.reload.watch = chance.maybe_time();
  if (chance.coin()) config.reload.apply_at_unix_s = chance.below(2'000'000'000);
  for (std::uint32_t i = 0; i <= chance.below(3); ++i)
    config.pools.push_back(random_pool(chance, i));
  Listener listener;
  listener.name = "l";
  listener.bind = {"127.0.0.1:1", "unix:/run/" + std::to_string(seed)};
  listener.route = config.pools[0].name;
  if (chance.coin()) listener.mode = chance.below(01000);
  config.metrics.bind = {"127.0.0.1:2", "[::1]:2"};
  config.admin.bind = {"unix:/run/a/" + std::to_string(seed)};
  config.admin.mode = chance.below(01000);
  config.admin.group = chance.text();
  config.admin.hosts = {"router1.prod"};
  if (chance.coin()) listener.clients_max = 1 + chance.below(1000);
  config.listeners.push_back(listener);
  return config;
}

TEST_CASE("what is printed loads to the same") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Config config = random_config(seed);
    const std::string text = printed(config);
    CAPTURE(text);
    CHECK(placeless(loaded(text)) == config);
  }
}

TEST_CASE("routes survive printing too") {
  const Config config =
      loaded(with_pool("[route.r]\ntype = \"prefix\"\ndefault = \"web\"\n[route.r.prefixes]\n\"a "
                       "b:${\" = \"web\"\n"));
  CHECK(placeless(loaded(printed(config))) == placeless(config));
}

}  // namespace
}  // namespace ringway::config
