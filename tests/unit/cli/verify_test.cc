// `ringway verify`: what it refuses before it writes a key. What it finds is tested end
// to end, with real servers and the real nutcracker.
#include "cli/verify.h"

#include <doctest/doctest.h>

#include "cli_test.h"

namespace ringway::cli {
namespace {

std::string refusal(const std::string& toml, VerifyOptions options) {
  Folder folder;
  Said said;
  options.file = folder.write("a.toml", toml);
  CHECK(verify(options, said.streams()) == exit_error);
  CHECK(said.out.str() == "");
  return said.err.str();
}

std::string two_listeners() {
  return web("[\"a:1\"]") + "[listener.other]\nbind = \"unix:/tmp/other.sock\"\nroute = \"web\"\n";
}

const std::string nobody = "unix:/nowhere.sock";

TEST_CASE("a redis pool cannot be verified yet") {
  CHECK(has(refusal(web("[\"a:1\"]", "protocol = \"redis\"\n"), {.through = nobody}),
            "pool 'web' speaks redis, which verify does not yet"));
}

TEST_CASE("keys of a random pool have no right place") {
  CHECK(has(refusal(web("[\"a:1\"]", "distribution = \"random\"\n"), {.through = nobody}),
            "its keys have no right place"));
}

TEST_CASE("of several listeners the one on the proxy's port is taken") {
  CHECK(has(refusal(two_listeners(), {.through = "127.0.0.1:1"}), "none of them on the port"));
  CHECK(has(refusal(two_listeners(), {.through = "unix:/tmp/other.sock"}),
            "the proxy unix:/tmp/other.sock: cannot connect"));
}

TEST_CASE("a listener that is named is taken, whatever its port") {
  CHECK(has(refusal(two_listeners(), {.through = nobody, .listener = "web"}), "cannot connect"));
  CHECK(has(refusal(two_listeners(), {.through = nobody, .listener = "nope"}),
            "there is no listener 'nope'"));
}

TEST_CASE("--through must be an address, and somebody must be there") {
  CHECK(has(refusal(web("[\"a:1\"]"), {.through = "nonsense"}), "--through: "));
  CHECK(has(refusal(web("[\"a:1\"]"), {.through = nobody}),
            "the proxy unix:/nowhere.sock: cannot connect: No such file"));
}

}  // namespace
}  // namespace ringway::cli
