// The part of a key within its hash tag, case by case as twemproxy decides it.
#include "ringway/hash/hash_tag.h"

#include <doctest/doctest.h>

namespace ringway::hash {
namespace {

constexpr HashTag braces{.open = '{', .close = '}', .enabled = true};
constexpr HashTag dollars{.open = '$', .close = '$', .enabled = true};

TEST_CASE("without a tag the whole key is hashed") {
  CHECK(HashTag{}.part("a{b}c") == "a{b}c");
}

TEST_CASE("the part between the tag's characters is hashed") {
  CHECK(braces.part("user:{42}:name") == "42");
  CHECK(braces.part("{42}") == "42");
}

TEST_CASE("an empty tag means the whole key") {
  CHECK(braces.part("{}x") == "{}x");
  CHECK(braces.part("a{}{b}") == "a{}{b}");
}

TEST_CASE("an unfinished tag means the whole key") {
  CHECK(braces.part("a{b") == "a{b");
  CHECK(braces.part("a}b") == "a}b");
  CHECK(braces.part("a}b{c") == "a}b{c");
}

TEST_CASE("the first opening and the first closing character after it count") {
  CHECK(braces.part("{a{b}c}") == "a{b");
  CHECK(braces.part("}{a}{b}") == "a");
}

TEST_CASE("both characters may be the same") {
  CHECK(dollars.part("a$b$c") == "b");
  CHECK(dollars.part("$$b$") == "$$b$");
  CHECK(dollars.part("a$b") == "a$b");
}

}  // namespace
}  // namespace ringway::hash
