#include "net/address.h"

#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>

namespace ringway::net {

TEST_CASE("an address is written as it is read") {
  for (const char* text :
       {"1.2.3.4:11211", "0.0.0.0:1", "[::1]:65535", "[fe80::1]:80", "unix:/run/web.sock"}) {
    const auto address = Address::parse(text);
    REQUIRE(address.has_value());
    CHECK(address->text() == text);
  }
}

TEST_CASE("an address knows its parts") {
  CHECK(Address::parse("1.2.3.4:11211")->port() == 11211);
  CHECK(Address::parse("1.2.3.4:11211")->family() == AF_INET);
  CHECK(Address::parse("[::]:11211")->family() == AF_INET6);
  CHECK(Address::parse("/run/web.sock")->path() == "/run/web.sock");
  CHECK(Address::parse("/run/web.sock")->port() == 0);
  CHECK(Address().empty());
  CHECK(Address().family() == AF_UNSPEC);
}

TEST_CASE("what is no numeric address is refused with a reason") {
  for (const char* text :
       {"", "1.2.3.4", "1.2.3:80", "localhost:80", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:80x",
        "1.2.3.4:-1", "::1:80", "[::1:80", "[::1]80", "[1.2.3.4]:80", "unix:", "unix:web.sock"}) {
    CAPTURE(text);
    const auto address = Address::parse(text);
    REQUIRE_FALSE(address.has_value());
    CHECK_FALSE(address.error().empty());
  }
}

TEST_CASE("the path of a unix socket fits the kernel's structure or is refused") {
  const std::string longest = "/" + std::string(106, 'x');
  REQUIRE(Address::parse(longest).has_value());
  CHECK(Address::parse(longest)->path() == longest);
  CHECK_FALSE(Address::parse(longest + "x").has_value());
}

TEST_CASE("addresses are equal when they lead to the same place") {
  CHECK(*Address::parse("1.2.3.4:80") == *Address::parse("1.2.3.4:80"));
  CHECK_FALSE(*Address::parse("1.2.3.4:80") == *Address::parse("1.2.3.4:81"));
  CHECK_FALSE(*Address::parse("1.2.3.4:80") == *Address::parse("1.2.3.5:80"));
  CHECK(*Address::parse("[::1]:80") == *Address::parse("[0:0::1]:80"));
  CHECK(*Address::parse("unix:/a") == *Address::parse("/a"));
  CHECK_FALSE(*Address::parse("/a") == *Address::parse("/b"));
  CHECK(Address() == Address());
}

}  // namespace ringway::net
