// The warnings of `ringway check` about a pool's hash, distribution, weights and names.
#include "ringway/ring/advice.h"

#include <doctest/doctest.h>

#include "pools.h"

namespace ringway::ring {
namespace {

std::vector<std::string> of(std::string_view function, std::string_view distribution,
                            const std::vector<Member>& members) {
  return advice(*hash::find(function), distribution, members, *find(distribution)->build(members));
}

bool one_about(const std::vector<std::string>& found, std::string_view words) {
  return found.size() == 1 && found[0].find(words) != std::string::npos;
}

std::vector<Member> named(const std::vector<std::string>& names) {
  std::vector<Member> members;
  for (const auto& name : names) members.push_back({.name = name, .weight = 1});
  return members;
}

TEST_CASE("the defaults deserve no advice") {
  CHECK(of("xxh3_64", "ring", equal(10)).empty());
  CHECK(of("fnv1a_64", "ketama", equal(10)).empty());
}

TEST_CASE("crc32 with ketama is one server with every key") {
  CHECK(one_about(of("crc32", "ketama", equal(4)), "15 bits"));
  CHECK(of("crc32", "modula", equal(4)).empty());
  CHECK(of("crc32", "ring", equal(4)).empty());
  CHECK(of("crc32a", "ketama", equal(4)).empty());
}

TEST_CASE("fnv1_64 with ketama heaps keys") {
  CHECK(one_about(of("fnv1_64", "ketama", equal(4)), "heaps"));
  CHECK(of("fnv1_64", "ring", equal(4)).empty());
}

TEST_CASE("fnv1a_64 with modula of a multiple of 3, 5 or 29 leaves servers empty") {
  for (const std::size_t n : {3, 5, 6, 10, 29}) {
    CHECK(one_about(of("fnv1a_64", "modula", equal(n)), "multiple of"));
  }
  for (const std::size_t n : {2, 4, 7, 8, 16}) CHECK(of("fnv1a_64", "modula", equal(n)).empty());
  CHECK(one_about(of("fnv1a_64", "modula", weighted({1, 4})), "here 5"));
}

TEST_CASE("a server without a point is named") {
  CHECK(one_about(of("md5", "ketama", weighted({100'000, 1})), "\"cache-1\""));
  CHECK(of("md5", "ring", weighted({100'000, 1})).empty());
}

TEST_CASE("IP addresses as names are fine up to three servers") {
  CHECK(of("xxh3_64", "ring", named({"10.0.0.1", "10.0.0.2", "10.0.0.3"})).empty());
  CHECK(one_about(of("xxh3_64", "ring", named({"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"})),
                  "4 of 4"));
}

TEST_CASE("an IP address is known with port, in brackets and bare") {
  for (const std::string name : {"10.0.0.1", "10.0.0.1:11212", "[::1]:11212", "[::1]", "fe80::1"}) {
    CAPTURE(name);
    CHECK(one_about(of("xxh3_64", "ring", named({"a", "b", "c", name})), "1 of 4"));
  }
}

TEST_CASE("host names, paths and numbers are no IP addresses") {
  for (const std::string name : {"mc1", "mc1:11212", "/run/mc.sock:", "10.0.0", "10.0.0.256",
                                 "10.0.0.1.example.org", "1.2.3.4.5", "", "cafe:1"}) {
    CAPTURE(name);
    CHECK(of("xxh3_64", "ring", named({"a", "b", "c", name})).empty());
  }
}

TEST_CASE("a single server has no need of advice") {
  CHECK(of("crc32", "ketama", equal(1)).empty());
}

TEST_CASE("several mistakes are all told") {
  CHECK(of("crc32", "ketama", weighted({100'000, 1, 1})).size() == 3);
}

}  // namespace
}  // namespace ringway::ring
