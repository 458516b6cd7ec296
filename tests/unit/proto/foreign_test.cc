// Which first bytes are no memcached text protocol.
#include "ringway/proto/foreign.h"

#include <doctest/doctest.h>
#include <string>

namespace ringway::proto {
namespace {

TEST_CASE("other protocols are known by their first bytes") {
  CHECK(protocol_of("\x80") == Protocol::binary);
  CHECK(protocol_of(Bytes("\x80\x01\0\x03", 4)) == Protocol::binary);
  CHECK(protocol_of("\x16\x03\x01") == Protocol::tls);
  CHECK(protocol_of("*1\r\n$4\r\nPING\r\n") == Protocol::redis);
  CHECK(protocol_of("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n") == Protocol::proxy);
}

TEST_CASE("what may still become one is not judged, however its bytes arrive") {
  for (const Bytes whole : {Bytes("\x16\x03"), Bytes("PROXY ")}) {
    for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
      CHECK(protocol_of(whole.substr(0, bytes)) == Protocol::unknown_yet);
    }
  }
}

TEST_CASE("all else is for the parser of requests") {
  for (const Bytes text : {"get a\r\n", "\r\n", " ", "\x16\x02", "PROXYget", "PING\r\n", "\x81",
                           "GET / HTTP/1.1\r\n", "prepend"}) {
    CAPTURE(std::string(text));
    CHECK(protocol_of(text) == Protocol::text);
  }
}

TEST_CASE("each has words for the operator") {
  for (const Protocol one : {Protocol::binary, Protocol::tls, Protocol::redis, Protocol::proxy}) {
    CHECK_FALSE(text_of(one).name.empty());
    CHECK_FALSE(text_of(one).hint.empty());
  }
}

}  // namespace
}  // namespace ringway::proto
