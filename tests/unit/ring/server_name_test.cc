// The rule that turns an address into the name that is hashed.
#include "ringway/ring/server_name.h"

#include <doctest/doctest.h>

namespace ringway::ring {
namespace {

TEST_CASE("port 11211 leaves the host alone, however it is written") {
  CHECK(ketama_name("10.0.0.1:11211") == "10.0.0.1");
  CHECK(ketama_name("10.0.0.1:011211") == "10.0.0.1");
  CHECK(ketama_name("mc1.example.org:00011211") == "mc1.example.org");
}

TEST_CASE("any other port stays as it is written") {
  CHECK(ketama_name("10.0.0.1:11212") == "10.0.0.1:11212");
  CHECK(ketama_name("10.0.0.1:0600") == "10.0.0.1:0600");
  CHECK(ketama_name("10.0.0.1:112110") == "10.0.0.1:112110");
  CHECK(ketama_name("10.0.0.1:0") == "10.0.0.1:0");
}

TEST_CASE("a socket is its path with a trailing colon") {
  CHECK(ketama_name("/run/mc.sock") == "/run/mc.sock:");
  CHECK(ketama_name("unix:/run/mc.sock") == "/run/mc.sock:");
  CHECK(ketama_name("/run/mc:11211") == "/run/mc:11211:");
}

TEST_CASE("IPv6 addresses part at the last colon and keep their brackets") {
  CHECK(ketama_name("[::1]:11211") == "[::1]");
  CHECK(ketama_name("[::1]:28404") == "[::1]:28404");
  CHECK(ketama_name("::1:11211") == "::1");
}

TEST_CASE("a text without a port is its own name") {
  CHECK(ketama_name("mc1") == "mc1");
  CHECK(ketama_name("") == "");
}

}  // namespace
}  // namespace ringway::ring
