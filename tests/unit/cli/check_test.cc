// `ringway check`: problems, advice, a verdict, an exit status.
#include "cli/check.h"

#include <doctest/doctest.h>

#include "ringway/config/load.h"

#include "cli_test.h"
#include "daemon/machine.h"

namespace ringway::cli {
namespace {

TEST_CASE("a good file is counted") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:1\", \"b:{1..8}\"]"));
  CHECK(check({.file = file}, said.streams()) == exit_ok);
  CHECK(said.out.str() == file + ": ok: 1 pool, 9 servers, 1 listener\n");
  CHECK(said.err.str() == "");
}

TEST_CASE("errors and warnings are told and counted") {
  Folder folder;
  Said said;
  const auto file =
      folder.write("a.toml", web("[\"a:1\"]", "hash = 5\ndatabase = 1\ntimeout = 5\n"));
  CHECK(check({.file = file}, said.streams()) == exit_error);
  CHECK(said.out.str() == file + ": 2 errors, 1 warning\n");
  CHECK(has(said.err.str(), file + ":6:8: error: hash"));
  CHECK(has(said.err.str(), file + ":7:1: warning: 'database'"));
}

TEST_CASE("a file that is not there is an error") {
  Said said;
  CHECK(check({.file = "/nowhere.toml"}, said.streams()) == exit_error);
  CHECK(said.out.str() == "/nowhere.toml: 1 error\n");
}

TEST_CASE("advice about rings is a warning at the pool's place") {
  Folder folder;
  Said said;
  const auto file = folder.write(
      "a.toml", web("[\"a:1\", \"b:1\"]", "hash = \"crc32\"\ndistribution = \"ketama\"\n"));
  CHECK(check({.file = file}, said.streams()) == exit_ok);
  CHECK(has(said.err.str(), file + ":4:7: warning: pool 'web': "));
  CHECK(has(said.out.str(), "ok: 1 pool, 2 servers, 1 listener, 1 warning\n"));
}

TEST_CASE("a ring too heavy for all its vnodes is told so") {
  Folder folder;
  Said said;
  check({.file = folder.write("a.toml", web("[\"a:1:1000\", \"b:1:1000\"]"))}, said.streams());
  CHECK(has(said.err.str(), "a unit of weight has 512 vnodes instead of 1024"));
}

TEST_CASE("print shows what loads to the same, and nothing else, on out") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:{1..3}\"]"));
  CHECK(check({.file = file, .print = true}, said.streams()) == exit_ok);
  CHECK(has(said.out.str(), "{ address = \"a:2\" }"));
  CHECK(has(said.err.str(), ": ok: 1 pool, 3 servers"));
  const auto again = config::load_text(said.out.str(), "printed", config::process_environment());
  CHECK(printed(*again.config) == said.out.str());
}

TEST_CASE("a file with errors prints no configuration") {
  Folder folder;
  Said said;
  CHECK(check({.file = folder.write("a.toml", "[pool"), .print = true}, said.streams()) ==
        exit_error);
  CHECK(said.out.str() == "");
}

TEST_CASE("the example configurations follow the advice") {
  const char* root = std::getenv("RINGWAY_ROOT");
  const auto configs = std::filesystem::path(root == nullptr ? "." : root) / "configs";
  for (const auto& entry : std::filesystem::directory_iterator(configs)) {
    if (entry.path().extension() != ".toml") continue;
    Said said;
    check({.file = entry.path()}, said.streams());
    std::istringstream lines(said.err.str());
    for (std::string line; std::getline(lines, line);) {
      // The folder that systemd makes before it starts ringway is not made by a test.
      CHECK_MESSAGE((has(line, "no socket can be made in /run/ringway") || line.starts_with("  ")),
                    line);
    }
  }
}

TEST_CASE("what `run` would refuse is an error, and with werror what it would warn of") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:1\"]", "protocol = \"redis\"\n"));
  CHECK(check({.file = file}, said.streams()) == exit_error);
  CHECK(has(said.err.str(), file + ":1:11: error: listener 'web' is on pool 'web'"));
  CHECK(has(said.out.str(), file + ": 1 error, 1 warning\n"));
  const auto odd = folder.write("b.toml", web("[\"a:1\"]", "database = 1\n"));
  CHECK(check({.file = odd}, said.streams()) == exit_ok);
  CHECK(check({.file = odd, .werror = true}, said.streams()) == exit_error);
  CHECK(has(said.out.str(), odd + ": 1 error\n"));
}

TEST_CASE("names are looked up only when asked to, and one that does not resolve is an error") {
  Folder folder;
  const auto file =
      folder.write("a.toml", web("[\"no.such.invalid:1\", \"no.such.invalid:2\", \"10.0.0.1:1\"]"));
  Said loose;
  CHECK(check({.file = file}, loose.streams()) == exit_ok);
  Said strict;
  CHECK(check({.file = file, .strict_dns = true}, strict.streams()) == exit_error);
  CHECK(has(strict.err.str(), file + ":5:12: error: pool 'web': server no.such.invalid:1 does not "
                                     "resolve: "));
  CHECK(strict.out.str() == file + ": 2 errors\n");
}

TEST_CASE("with strict-dns a name that resolves is no problem") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"localhost:11211\", \"10.0.0.1:1\"]"));
  CHECK(check({.file = file, .strict_dns = true}, said.streams()) == exit_ok);
  CHECK(said.out.str() == file + ": ok: 1 pool, 2 servers, 1 listener\n");
}

TEST_CASE("what each server gets from many ringways is told, and warned about above 1,000") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:1\"]", "[router]\nworkers = 2\n"));
  CHECK(check({.file = file, .instances = 400}, said.streams()) == exit_ok);
  CHECK(has(said.out.str(),
            "pool web: from 400 ringways each server gets up to 800 connections, and 80 checks a "
            "second while it is idle\n"));
  CHECK(said.err.str() == "");
  CHECK(check({.file = file, .instances = 3000}, said.streams()) == exit_ok);
  CHECK(has(said.err.str(), "each server gets up to 6000 connections from 3000 ringways"));
}

TEST_CASE("what falls upon a server comes from all pools that have it, seldom checks too") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:1\"]",
                                               "[pool.more]\nservers = [\"a:1\", \"b:1\"]\n"
                                               "server_connections = 3\n[pool.own]\n"
                                               "servers = [\"c:1\"]\n[router]\nworkers = 2\n"));
  CHECK(check({.file = file, .instances = 1}, said.streams()) == exit_ok);
  const std::string text = said.out.str();
  CHECK(
      has(text, "pool web: from 1 ringways each server gets up to 8 connections, and 0.4 checks"));
  CHECK(
      has(text, "pool own: from 1 ringways each server gets up to 2 connections, and 0.2 checks"));
}

TEST_CASE("workers = 0 counts as what this machine would run, and is told") {
  Folder folder;
  Said said;
  const auto file = folder.write("a.toml", web("[\"a:1\"]", "[router]\nworkers = 0\n"));
  CHECK(check({.file = file, .instances = 10}, said.streams()) == exit_ok);
  const std::string cpus = std::to_string(cpus_allowed());
  CHECK(has(said.out.str(), "workers = 0: as on this machine, " + cpus + " CPU"));
  CHECK(has(said.out.str(), "up to " + std::to_string(10 * cpus_allowed()) + " connections"));
}

TEST_CASE("thousands of checks a second are warned about as well") {
  Folder folder;
  Said said;
  const auto file =
      folder.write("a.toml", web("[\"a:1\"]", "[pool.web.health]\ninterval = \"100ms\"\n"));
  CHECK(check({.file = file, .instances = 200}, said.streams()) == exit_ok);
  CHECK(has(said.err.str(), "each idle server gets 2000 checks a second"));
}

}  // namespace
}  // namespace ringway::cli
