// Whatever `import` complains about, it says what to do: each complaint of its own once.
#include <doctest/doctest.h>

#include "../cli/cli_test.h"
#include "import/import.h"

namespace ringway::cli {
namespace {

const std::string servers = "  servers:\n   - 10.0.0.1:11211:1\n";

std::string alpha(const std::string& more, const std::string& listen = "127.0.0.1:22121") {
  return "alpha:\n  listen: " + listen + "\n" + more + servers;
}

TEST_CASE("every complaint about a file of twemproxy says what to do") {
  struct {
    std::string yml;
    std::string what;
  } const rows[] = {
      {"alpha: [\n", "end of sequence flow not found"},
      {"- a\n", "this is no twemproxy configuration"},
      {"alpha: 5\n", "pool 'alpha' is no table"},
      {alpha("  hash: [a]\n"), "'hash' has no plain value"},
      {alpha("  hash: md5\n  hash: md5\n"), "'hash' is set twice"},
      {alpha("  elephant: 5\n"), "unknown key 'elephant'"},
      {"alpha:\n  listen: 127.0.0.1:1\n  servers: 5\n", "servers of pool 'alpha' are no list"},
      {"alpha:\n  listen: 127.0.0.1:1\n  servers:\n   - [a]\n", "this is no server"},
      {"alpha:\n  listen: 127.0.0.1:1\n  servers:\n   - a\n", "\"a\" is no server"},
      {"alpha:\n  listen: 127.0.0.1:1\n", "pool 'alpha' has no servers"},
      {"alpha:\n  listen: 127.0.0.1:1\n  servers:\n   - a:1:1 x\n   - b:1:1 x\n",
       "two servers of pool 'alpha' have the name 'x'"},
      {"alpha:\n" + servers, "pool 'alpha' has no listen"},
      {alpha("", "/run/web.sock 0888"), "\"0888\" are no permissions"},
      {alpha("", "127.0.0.1"), "listen: '127.0.0.1' has no port"},
      {alpha("", "127.0.0.1:99999"), "listen: '99999' is not a port"},
      {alpha("", "a.example:1"), "listen: 'a.example' is a name"},
      {alpha("", "/run/" + std::string(200, 'x')), "the path of a unix socket has at most"},
      {alpha("  timeout: soon\n"), "timeout: \"soon\" is no number"},
      {alpha("  preconnect: yes\n"), "preconnect: \"yes\" is neither true nor false"},
      {alpha("") + alpha(""), "pool 'alpha' is there twice"},
      {alpha("") + "beta:\n  listen: 127.0.0.1:22121\n" + servers, "two pools listen on"},
      {alpha("  hash: elephant\n"), "elephant"},
      {alpha("  distribution: elephant\n"), "elephant"},
      {alpha("  hash_tag: x\n"), "hash_tag"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yml);
    bool told = false;
    for (const config::Problem& problem : import_nutcracker({{"a.yml", row.yml}}).problems) {
      told |= problem.what.find(row.what) != std::string::npos;
      CHECK_MESSAGE(!problem.hint.empty(), config::text(problem));
      CHECK_MESSAGE(problem.where.line > 0, config::text(problem));
    }
    CHECK_MESSAGE(told, row.what);
  }
}

TEST_CASE("a file that cannot be read says what to do, too") {
  Said said;
  CHECK(import({"/nowhere/a.yml"}, said.streams()) == exit_error);
  CHECK(said.err.str() ==
        "/nowhere/a.yml: error: cannot read it, or it is empty\n"
        "  name a file of twemproxy that is there and may be read\n");
  const auto loaded = load_any("/nowhere/a.yml");
  REQUIRE(loaded.problems.size() == 1);
  CHECK_FALSE(loaded.problems[0].hint.empty());
}

}  // namespace
}  // namespace ringway::cli
