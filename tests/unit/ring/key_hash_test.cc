// From key to both widths of its hash.
#include "ringway/ring/key_hash.h"

#include <doctest/doctest.h>

namespace ringway::ring {
namespace {

constexpr hash::HashTag braces{.open = '{', .close = '}', .enabled = true};

const hash::HashFunction& function(std::string_view name) {
  return *hash::find(name);
}

TEST_CASE("a 64-bit hash gives its low 32 bits where 32 are wanted") {
  const auto hash = key_hash(function("xxh64"), {}, "abc");
  CHECK(hash.wide == 0x44bc2cf5ad770999);
  CHECK(hash.narrow == 0xad770999);
}

TEST_CASE("a 32-bit hash is widened where 64 are wanted") {
  const auto hash = key_hash(function("fnv1a_64"), {}, "apple");
  CHECK(hash.narrow == 1488911807);
  CHECK(hash.wide == hash::widened(1488911807));
}

TEST_CASE("an empty key hashes to 0 with every function") {
  for (const auto& each : hash::functions()) {
    CHECK(key_hash(each, {}, "").wide == 0);
    CHECK(key_hash(each, braces, "").narrow == 0);
  }
}

TEST_CASE("keys with one tag hash alike") {
  const auto hash = key_hash(function("xxh3_64"), braces, "{42}:name");
  CHECK(hash.wide == key_hash(function("xxh3_64"), braces, "x{42}").wide);
  CHECK(hash.wide == key_hash(function("xxh3_64"), {}, "42").wide);
}

}  // namespace
}  // namespace ringway::ring
