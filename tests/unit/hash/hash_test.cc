// Known answers of every hash function. Thousands more, made by twemproxy itself, are
// in tests/data and checked by tests/unit/ring/reference_test.cc.
#include "ringway/hash/hash.h"

#include <doctest/doctest.h>
#include <map>
#include <set>
#include <string>

namespace ringway::hash {
namespace {

std::uint64_t hash_of(std::string_view name, Bytes key) {
  return find(name)->of(key);
}

TEST_CASE("the 32-bit functions give twemproxy's values for apple") {
  const std::map<std::string_view, std::uint32_t> apple = {
      {"one_at_a_time", 2297466611}, {"md5", 3195025439},
      {"crc16", 3662830516},         {"crc32", 10542},
      {"crc32a", 2838417488},        {"fnv1_32", 67176023},
      {"fnv1a_32", 280767167},       {"fnv1_64", 473199127},
      {"fnv1a_64", 1488911807},      {"hsieh", 3738850110},
      {"jenkins", 1442444624},       {"murmur", 4142305122}};
  for (const HashFunction& function : functions()) {
    if (function.bits == 64) continue;
    CAPTURE(function.name);
    CHECK(function.of("apple") == apple.at(function.name));
  }
}

TEST_CASE("the xxHash functions give the published values") {
  CHECK(hash_of("xxh3_64", "") == 0x2d06800538d394c2);
  CHECK(hash_of("xxh3_64", "abc") == 0x78af5f94892f3950);
  CHECK(hash_of("xxh64", "") == 0xef46db3751d8e999);
  CHECK(hash_of("xxh64", "abc") == 0x44bc2cf5ad770999);
}

TEST_CASE("widening has fixed values and leaves 0 where it is") {
  CHECK(widened(0) == 0);
  CHECK(widened(1) == 0xb456bcfc34c2cb2c);
  CHECK(widened(2) == 0x3abf2a20650683e7);
  CHECK(widened(0xffffffff) == mixed(0xffffffff));
}

TEST_CASE("widened hashes use the whole circle") {
  std::set<std::uint64_t> top;
  for (std::uint32_t i = 0; i < 2000; ++i) top.insert(widened(i) >> 56);
  CHECK(top.size() == 256);
}

TEST_CASE("the first function of the table is the default") {
  CHECK(functions().front().name == "xxh3_64");
}

TEST_CASE("every function is found by its name and none by another") {
  for (const HashFunction& function : functions()) CHECK(find(function.name) == &function);
  CHECK(find("XXH3_64") == nullptr);
  CHECK(find("") == nullptr);
}

TEST_CASE("a function of 32 bits never sets a higher one") {
  for (const HashFunction& function : functions()) {
    if (function.bits == 64) continue;
    for (int n = 0; n < 300; ++n)
      CHECK(function.of(std::string(static_cast<std::size_t>(n), '\xf0')) <= 0xffffffff);
  }
}

TEST_CASE("crc32 has 15 bits and crc16 more than 16") {
  std::uint64_t seen32 = 0, seen16 = 0;
  for (int i = 0; i < 1000; ++i) {
    seen32 |= hash_of("crc32", "key:" + std::to_string(i));
    seen16 |= hash_of("crc16", "key:" + std::to_string(i));
  }
  CHECK(seen32 == 0x7fff);
  CHECK(seen16 > 0xffff);
}

TEST_CASE("every length up to 250 bytes hashes differently from its prefix") {
  for (const HashFunction& function : functions()) {
    if (function.name == "crc32") continue;  // 15 bits collide.
    std::set<std::uint64_t> seen;
    for (int n = 1; n <= 250; ++n)
      seen.insert(function.of(std::string(static_cast<std::size_t>(n), 'x')));
    CAPTURE(function.name);
    CHECK(seen.size() >= 249);
  }
}

TEST_CASE("functions read no byte beyond the key") {
  const std::string padded = "apple\xff\xff\xff\xff";
  for (const HashFunction& function : functions()) {
    CHECK(function.of(Bytes(padded).substr(0, 5)) == function.of("apple"));
  }
}

}  // namespace
}  // namespace ringway::hash
