// `servers_file`: servers one a line, from a file beside the configuration.
#include <fmt/format.h>

#include "ringway/base/plain_text.h"

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

std::string told(const Folder& folder, const std::string& servers) {
  return all_text(loaded_with(folder, servers).problems);
}

TEST_CASE("bytes that are no UTF-8 are an error at their line, wherever they stand") {
  const Folder folder;
  for (const std::string line :
       {"10.0.0.1:11211:1 caf\xe9", "/run/caf\xe9.sock", "10.0.0.1:11211:1 a\x1b[31mb",
        "10.0.0.1:11211:1 \xed\xa0\x80", "10.0.0.1:11211:1 \xc0\xaf", "ca\xf1:1",
        "10.0.0.1:11211:1 a\xc2\x9b", "10.0.0.1:11211:\xff"}) {
    const auto all = told(folder, "10.0.0.9:1\n" + line + "\n");
    CHECK_MESSAGE(all.find("web.servers:2:1: error: ") != std::string::npos, all);
    CHECK(is_plain_text(all.substr(0, all.find('\n'))));
  }
  CHECK(told(folder, "10.0.0.1:11211:1 caf\xc3\xa9\n") == "");
}

TEST_CASE("a name is held to the same in every source of a server") {
  for (const char* list : {"[\"a:1:1 b\\u009b\"]", "[{ address = \"a:1\", name = \"b\\u0007\" }]",
                           "[\"unix:/run/\\u0007.sock\"]"}) {
    const auto all = problems(with_servers(list));
    CHECK_MESSAGE(all.find("UTF-8") != std::string::npos, all);
  }
}

TEST_CASE("the mark of UTF-8 is no part of the first server, variables are replaced") {
  const Folder folder;
  folder.write("web.servers", "\xef\xbb\xbf${HOST}:11211:1 one\n$${HOST:1:1 x\n");
  const auto file = folder.write("a.toml",
                                 "[listener.web]\nbind = \"127.0.0.1:11311\"\nroute = \"web\"\n"
                                 "[pool.web]\nservers_file = \"web.servers\"\n");
  const auto result = load_file(file, environment({{"HOST", "10.0.0.1"}}));
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].where.line == 2);
  folder.write("web.servers", "\xef\xbb\xbf${HOST}:11211:1 one\n");
  const auto good = load_file(file, environment({{"HOST", "10.0.0.1"}}));
  REQUIRE(good.config.has_value());
  CHECK(good.config->pools[0].servers[0].address == "10.0.0.1:11211");
  CHECK(told(folder, "${NOPE}:1\n").find("web.servers:1:1: error: the variable NOPE is not set") !=
        std::string::npos);
}

TEST_CASE("of many problems twenty are told, and how many more there are") {
  const Folder folder;
  std::string wrong;
  std::string twice;
  for (int i = 0; i < 1000; ++i) {
    wrong += "nonsense\n";
    twice += "10.0.0.1:11211\n";
  }
  const auto result = loaded_with(folder, wrong);
  CHECK(result.problems.size() == 21);
  CHECK(all_text(result.problems)
            .find("web.servers:21:1: error: 980 more servers of pool 'web' are wrong") !=
        std::string::npos);
  const auto other = loaded_with(folder, twice);
  CHECK(other.problems.size() == 21);
  CHECK(all_text(other.problems).find("979 more servers with names that others have") !=
        std::string::npos);
}

TEST_CASE("of many variables without a value twenty are told, in a file and in a list") {
  const Folder folder;
  std::string lines;
  std::string list;
  for (int i = 0; i < 3000; ++i) {
    const std::string server = fmt::format("${{NOPE}}:{}", i + 1);
    lines += server + "\n";
    list += "\"" + server + "\",\n";
  }
  const auto file = loaded_with(folder, lines).problems;
  CHECK(file.size() == 21);
  CHECK(all_text(file).find("web.servers:21:1: error: 2980 more entries of this list") !=
        std::string::npos);
  const auto listed =
      load_text(with_servers("[" + list + "]"), "a.toml", no_environment()).problems;
  CHECK(listed.size() == 21);
  CHECK(all_text(listed).find("error: 2980 more entries of this list") != std::string::npos);
}

TEST_CASE("what follows from a variable without a value is not told") {
  const auto one = [](const std::string& toml) {
    const auto all = load_text(toml, "a.toml", no_environment()).problems;
    REQUIRE(all.size() == 1);
    CHECK(all[0].what == "the variable NOPE is not set");
  };
  one(with_pool("timeout = \"${NOPE}\"\n"));
  one(with_pool("[router]\nio = \"${NOPE}\"\n"));
  one(with_servers("[\"${NOPE}:1\"]"));
  one(with_servers("[{ address = \"${NOPE}\" }, { address = \"b:1\", backup = true }]"));
}

TEST_CASE("a file that is too large is told so, not read") {
  const Folder folder;
  const auto all = told(folder, std::string(17u << 20, '#'));
  CHECK(all.find("larger than 16MiB\n  ") != std::string::npos);
}

}  // namespace
}  // namespace ringway::config
