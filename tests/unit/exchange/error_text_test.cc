// The sentences that clients log and operators search for, letter by letter.
#include "exchange/error_text.h"

#include <cerrno>
#include <doctest/doctest.h>

#include "ringway/base/bytes.h"
#include "ringway/config/units.h"

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations are told in the greatest unit that tells them whole") {
  CHECK(duration_text(250us) == "250us");
  CHECK(duration_text(500ms) == "500ms");
  CHECK(duration_text(1500ms) == "1500ms");
  CHECK(duration_text(2s) == "2s");
  CHECK(duration_text(5min) == "300s");
}

TEST_CASE("what is told of a duration is what a file may say") {
  for (const Duration duration : {Duration(1us), Duration(50us), Duration(1ms), Duration(999ms),
                                  Duration(1001ms), Duration(1s), Duration(90s)}) {
    CHECK(config::parse_duration(duration_text(duration)) == duration);
  }
}

TEST_CASE("an error names the server and what happened") {
  CHECK(of_server("web2 (10.0.0.2:11211)", "timed out after 500ms") ==
        "server web2 (10.0.0.2:11211) timed out after 500ms");
}

TEST_CASE("an error that concerns no single server names the pool") {
  CHECK(of_pool("web", "has no server that takes traffic") ==
        "pool web has no server that takes traffic");
}

TEST_CASE("what a ringway says of itself is quoted, cut, and steers no terminal") {
  CHECK(said("ringway: pool web has no server that takes traffic") ==
        "says \"ringway: pool web has no server that takes traffic\"");
  CHECK(said("ringway: \x1b[2J") == "says \"ringway: \\x1b[2J\"");
  CHECK(said(std::string(8000, 'a')).size() <= 300);
}

TEST_CASE("a command that ends connections is told, and when it is tried again") {
  CHECK(shunned_text("mg", 4s) == "closes connections at mg; next try in 4s");
  CHECK(shunned_text("mg", 1us) == "closes connections at mg; next try in 1ms");
}

TEST_CASE("a failure of the system reads as what the server did") {
  CHECK(connection_failure(0) == "closed the connection");
  CHECK(connection_failure(ECONNREFUSED) == "refused the connection");
  CHECK(connection_failure(ECONNRESET) == "reset the connection");
  CHECK(connection_failure(ETIMEDOUT) == "does not answer");
  CHECK(connection_failure(EHOSTUNREACH) == "cannot be reached");
  CHECK(connection_failure(EIO) == "lost the connection");
}

TEST_CASE("running out of file descriptors is not blamed on the server alone") {
  CHECK(connection_failure(EMFILE).find("ringway is out of file descriptors") != Bytes::npos);
  CHECK(connection_failure(ENFILE) == connection_failure(EMFILE));
}

}  // namespace
}  // namespace ringway::proxy
