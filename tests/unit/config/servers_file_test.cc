// `servers_file`: servers one a line, from a file beside the configuration.
#include "config_test.h"
#include "folder.h"

namespace ringway::config {
namespace {

using testing::Folder;

Loaded loaded_with(const Folder& folder, const std::string& servers) {
  folder.write("web.servers", servers);
  const std::string toml =
      "[listener.web]\nbind = \"127.0.0.1:11311\"\nroute = \"web\"\n[pool.web]\n"
      "servers_file = \"web.servers\"\n";
  return load_file(folder.write("a.toml", toml), no_environment());
}

TEST_CASE("each line is a server; comments, empty lines and other systems' line ends are not") {
  const Folder folder;
  const auto loaded = loaded_with(folder,
                                  "# all of them\n\n10.0.0.1:11211\n  10.0.0.2:11211:3 two\r\n"
                                  "10.0.0.{3..4}:11211  # a range\n10.0.0.9:11211");
  REQUIRE(loaded.config.has_value());
  const auto& servers = loaded.config->pools[0].servers;
  REQUIRE(servers.size() == 5);
  CHECK(servers[1].name == "two");
  CHECK(servers[1].weight == 3);
  CHECK(servers[4].address == "10.0.0.9:11211");
}

TEST_CASE("a # within a name or a path is a part of it, as in a list of servers") {
  const Folder folder;
  const std::string one = "10.0.0.1:11211:1 web#1", two = "/run/cache#2.sock:1";
  const auto loaded = loaded_with(folder, one + "\n" + two + " # web#2\n\t#" + one + "\n");
  const auto listed =
      load_text(with_servers("[\"" + one + "\", \"" + two + "\"]"), "a.toml", no_environment());
  REQUIRE(loaded.config.has_value());
  REQUIRE(listed.config.has_value());
  const auto& servers = loaded.config->pools[0].servers;
  REQUIRE(servers.size() == 2);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    CHECK(servers[i].name == listed.config->pools[0].servers[i].name);
    CHECK(servers[i].address == listed.config->pools[0].servers[i].address);
  }
  CHECK(servers[0].name == "web#1");
  CHECK(servers[1].address.ends_with("/run/cache#2.sock"));
}

TEST_CASE("what is wrong is told with its line") {
  const Folder folder;
  const auto loaded = loaded_with(folder, "10.0.0.1:11211\nno address at all, really\n");
  CHECK(!loaded.config);
  CHECK(all_text(loaded.problems).find("web.servers:2:1: error: ") != std::string::npos);
}

TEST_CASE("an empty or a missing file is an error: it is no pool without servers") {
  const Folder folder;
  CHECK(!loaded_with(folder, "# nobody\n").config);
  const auto missing = load_file(
      folder.write("b.toml", with_servers("[]\nservers_file = \"nowhere\"")), no_environment());
  CHECK(!missing.config);
  CHECK(all_text(missing.problems).find("cannot read ") != std::string::npos);
}

TEST_CASE("its servers come after those of the list") {
  const Folder folder;
  folder.write("more", "10.0.0.2:11211\n");
  const auto loaded =
      load_file(folder.write("a.toml", with_pool("servers_file = \"more\"\n")), no_environment());
  REQUIRE(loaded.config.has_value());
  CHECK(loaded.config->pools[0].servers[1].address == "10.0.0.2:11211");
}

TEST_CASE("what is printed needs no file") {
  const Folder folder;
  const auto loaded = loaded_with(folder, "10.0.0.1:11211\n10.0.0.2:11211:2 b\n");
  REQUIRE(loaded.config.has_value());
  const auto again = load_text(printed(*loaded.config), "b.toml", no_environment());
  REQUIRE(again.config.has_value());
  CHECK(placeless(*again.config) == placeless(*loaded.config));
}

TEST_CASE("text at hand names no files") {
  CHECK(problems(with_pool("servers_file = \"/etc/passwd\"\n")).find("text cannot name files") !=
        std::string::npos);
}

TEST_CASE("the hash of the content is that of every file, and of nothing else") {
  const Folder folder;
  const auto first = loaded_with(folder, "10.0.0.1:11211\n");
  CHECK(loaded_with(folder, "10.0.0.1:11211\n").content == first.content);
  CHECK(loaded_with(folder, "10.0.0.1:11211\n# a comment\n").content != first.content);
  CHECK(loaded_with(folder, "nonsense nonsense nonsense").content != first.content);
}

}  // namespace
}  // namespace ringway::config
