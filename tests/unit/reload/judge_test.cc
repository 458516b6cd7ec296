// The list of what is refused beyond the text, by who asks.
#include "reload/judge.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "../folder.h"

namespace ringway::reload {
namespace {

using testing::Folder;

std::string told(const std::string& toml, Asker asker = Asker::check) {
  const auto loaded = judged(
      config::load_text(toml, "a.toml", [](std::string_view) { return std::nullopt; }), asker);
  std::string all;
  for (const config::Problem& problem : loaded.problems) {
    CHECK_MESSAGE(!problem.hint.empty(), text(problem));
    all += text(problem) + "\n";
  }
  CHECK(loaded.config.has_value() == !config::any_error(loaded.problems));
  return all;
}

// Its [pool.web] begins in line 4.
std::string web(const std::string& more, const std::string& bind = "127.0.0.1:1") {
  return "[listener.web]\nbind = \"" + bind +
         "\"\nroute = \"web\"\n[pool.web]\nservers = " + "[\"10.0.0.1:1\"]\n" + more;
}

constexpr Asker everybody[] = {Asker::check, Asker::start, Asker::reload};

bool has(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != text.npos;
  CHECK_MESSAGE(found, text);
  return found;
}

TEST_CASE("a file that asks for nothing of the machine has nothing against it") {
  for (const Asker asker : everybody) CHECK(told(web(""), asker) == "");
}

TEST_CASE("whoever asks hears that a listener's pool or route cannot be run") {
  for (const Asker asker : everybody) {
    has(told(web("protocol = \"redis\"\n"), asker),
        "a.toml:1:11: error: listener 'web' is on pool");
    has(told("[listener.a]\nbind = \"127.0.0.1:1\"\nroute = \"r\"\n[pool.web]\nservers = "
             "[\"10.0.0.1:1\"]\n[route.r]\ntype = \"prefix\"\ndefault = \"web\"\n",
             asker),
        "a.toml:1:11: error: listener 'a' is on route 'r'");
  }
}

TEST_CASE("a token that is not there, is empty or is a folder is an error at its key") {
  const Folder folder;
  const auto with = [](const std::string& file) {
    return web("[admin]\ntoken_file = \"" + file + "\"\n");
  };
  const std::string good = folder.write("good", "secret\n");
  for (const Asker asker : everybody) {
    has(told(with(good + "s"), asker),
        "a.toml:7:14: error: [admin] token_file: cannot read " + good + "s: No such file");
    has(told(with(folder.write("empty", "")), asker),
        "error: [admin] token_file: there is no token");
    has(told(with(folder.write("blank", " \n\nsecret\n")), asker), "there is no token");
    has(told(with(std::filesystem::path(good).parent_path()), asker), "there is no token");
    CHECK(told(with(good), asker) == "");
  }
  has(told(with("a/relative/token")), "warning: [admin] token_file");
  has(told(with("a/relative/token"), Asker::start), "error: [admin] token_file");
  CHECK(told(web("[admin]\nbind = \"off\"\ntoken_file = \"/nowhere\"\n"), Asker::start)
            .find("error") == std::string::npos);
}

TEST_CASE("a log that cannot be opened is an error at its key, and is not made by looking") {
  const Folder folder;
  const std::string file = folder.write("file", "");
  const std::string there = std::filesystem::path(file).parent_path();
  const auto with = [](const std::string& log) { return web("[log]\nfile = \"" + log + "\"\n"); };
  for (const Asker asker : everybody) {
    has(told(with(there), asker), "a.toml:7:8: error: [log] file: cannot open " + there);
    has(told(with(file + "/log"), asker), "Not a directory");
    CHECK(told(with(there + "/new"), asker) == "");
    CHECK(told(with(there + "/a/new"), asker) == "");
    CHECK(told(with(file), asker) == "");
  }
  CHECK_FALSE(std::filesystem::exists(there + "/new"));
  CHECK_FALSE(std::filesystem::exists(there + "/a"));
}

TEST_CASE("a socket's folder must be there, and its place free") {
  const Folder folder;
  const std::string file = folder.write("file", "");
  for (const Asker asker : {Asker::check, Asker::start}) {
    has(told(web("", "unix:/nowhere/at/all.sock"), asker),
        "a.toml:2:8: error: [listener.web] bind: no socket can be made in /nowhere/at: No such");
    has(told(web("[admin]\nbind = \"unix:/nowhere/a.sock\"\n"), asker), "error: [admin] bind: no");
    has(told(web("[metrics]\nbind = \"unix:/nowhere/a.sock\"\n"), asker), "error: [metrics] bind");
    has(told(web("", "unix:" + file), asker), file + " is there and is no socket");
    CHECK(told(web("", "unix:" + file + ".sock"), asker) == "");
  }
  CHECK(told(web("", "unix:/nowhere/at/all.sock"), Asker::reload) == "");
}

TEST_CASE("a group that there is not is an error at its key, for sockets that would get it") {
  const Folder folder;
  const std::string path = "unix:" + folder.write("file", "") + ".sock";
  const auto with = [](const std::string& section, const std::string& bind,
                       const std::string& group) {
    return web("[" + section + "]\nbind = [\"127.0.0.1:2\", \"" + bind + "\"]\ngroup = \"" + group +
               "\"\n");
  };
  for (const std::string section : {"admin", "metrics"}) {
    for (const Asker asker : everybody) {
      has(told(with(section, path, "no-such-group"), asker),
          "a.toml:8:9: error: [" + section + "] group: there is no group 'no-such-group'");
      CHECK(told(with(section, path, std::to_string(::getgid())), asker) == "");
      CHECK(told(with(section, "127.0.0.1:3", "no-such-group"), asker).find("there is no group") ==
            std::string::npos);
    }
  }
}

TEST_CASE("a group that this user is not in is a warning to `check`: it may be another's") {
  const Folder folder;
  const std::string path = "unix:" + folder.write("file", "") + ".sock";
  std::filesystem::permissions(std::filesystem::path(path.substr(5)).parent_path(),
                               std::filesystem::perms::all);
  const std::string toml = web("[admin]\nbind = \"" + path + "\"\ngroup = \"12345\"\n");
  const uid_t user = ::geteuid();
  if (user == 0) REQUIRE(::seteuid(65534) == 0);
  has(told(toml), "warning: [admin] group: this user may not give files to group '12345'");
  for (const Asker asker : {Asker::start, Asker::reload}) {
    CHECK(told(toml, asker).find("group") == std::string::npos);
  }
  if (user == 0) REQUIRE(::seteuid(0) == 0);
}

TEST_CASE("an address of another machine is a warning: the file may be for that one") {
  has(told(web("", "192.0.2.1:11311")),
      "a.toml:2:8: warning: [listener.web] bind: this machine has no such address as that of "
      "192.0.2.1:11311");
  CHECK(told(web("", "0.0.0.0:11311")) == "");
}

TEST_CASE("a port that this user may not have is a warning: another may run it") {
  const uid_t user = ::geteuid();
  if (user == 0) {
    CHECK(told(web("", "127.0.0.1:80")) == "");
    REQUIRE(::seteuid(65534) == 0);
  }
  has(told(web("", "127.0.0.1:80")),
      "a.toml:2:8: warning: [listener.web] bind: this user may not listen on port 80");
  CHECK(told(web("", "127.0.0.1:11311")) == "");
  CHECK(told(web("", "127.0.0.1:80"), Asker::start) == "");
  if (user == 0) REQUIRE(::seteuid(0) == 0);
}

TEST_CASE("pipes: a log needs a reader, a token is read more than once") {
  const Folder folder;
  const std::string pipe = folder.write("file", "") + ".pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string log = web("[log]\nfile = \"" + pipe + "\"\n");
  has(told(log), "a.toml:7:8: warning: [log] file: " + pipe + " is a pipe: without a reader");
  CHECK(told(log, Asker::start) == "");
  const std::string token = web("[admin]\ntoken_file = \"" + pipe + "\"\n");
  for (const Asker asker : everybody) {
    has(told(token, asker), "error: [admin] token_file: " + pipe + " is not a regular file");
  }
}

TEST_CASE("what only permissions forbid is a warning to `check`, an error to a start") {
  const Folder folder;
  const std::string file = folder.write("token", "secret\n");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  std::filesystem::permissions(std::filesystem::path(file).parent_path(),
                               std::filesystem::perms::all);
  const std::string toml = web("[admin]\ntoken_file = \"" + file + "\"\n");
  const uid_t user = ::geteuid();
  if (user == 0) REQUIRE(::seteuid(65534) == 0);
  has(told(toml), "warning: [admin] token_file: cannot read");
  has(told(toml, Asker::start), "error: [admin] token_file: cannot read");
  if (user == 0) REQUIRE(::seteuid(0) == 0);
}

TEST_CASE("more listeners than ringway has room for are an error") {
  std::string toml = web("");
  for (int i = 0; i < 1024; ++i) {
    toml += "[listener.l" + std::to_string(i) +
            "]\nroute = \"web\"\nbind = \"127.0.0.2:" + std::to_string(i + 1) + "\"\n";
  }
  has(told(toml), "error: more than 1024 listeners");
}

}  // namespace
}  // namespace ringway::reload
