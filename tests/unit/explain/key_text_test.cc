// Keys as words: what is typed, printed and sent is the key again.
#include "explain/key_text.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

#include "../cli/cli_test.h"
#include "cli/throw_away_keys.h"

namespace ringway::cli {
namespace {

TEST_CASE("base64 and back is the key, whatever its bytes and length") {
  std::string key;
  for (int length = 0; length < 600; ++length) {
    CHECK(key_of_word(word_of_key(key), false) == key);
    CHECK(key_of_word(base64(key), true) == key);
    key += static_cast<char>(length * 37);
  }
}

TEST_CASE("base64 is that of everybody") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("what is nearly base64 is none") {
  for (const auto* text : {"b64:Z", "b64:Zg=", "b64:Zg==Zg==", "b64:Zh==", "b64:Zg!="}) {
    CAPTURE(text);
    CHECK(!key_of_word(text, false));
  }
}

TEST_CASE("other words are keys as they are") {
  CHECK(key_of_word("user:1", false) == "user:1");
  CHECK(key_of_word("", false) == "");
}

TEST_CASE("bytes that would spoil a terminal are shown as numbers") {
  CHECK(shown("a b\n\xff\\") == "a b\\x0a\\xff\\x5c");
}

TEST_CASE("in a URL only what cannot be mistaken stays as it is") {
  CHECK(percent_encoded("a-Z.0_~ &=+%\xff") == "a-Z.0_~%20%26%3D%2B%25%FF");
}

TEST_CASE("throw-away keys are unique, take every shape, and memcached takes them") {
  const ThrowAwayKeys keys(7, {.open = '{', .close = '}', .enabled = true});
  bool tagged = false;
  bool high = false;
  bool longest = false;
  std::vector<std::string> seen;
  for (std::uint32_t n = 0; n < 2000; ++n) {
    const std::string key = keys.key(n);
    CHECK(why_not_memcached(key) == "");
    tagged |= has(key, "{tag-");
    high |= has(key, "\xc3");
    longest |= key.size() == 250;
    seen.push_back(key);
  }
  CHECK((tagged && high && longest));
  std::ranges::sort(seen);
  CHECK(std::ranges::adjacent_find(seen) == seen.end());
  CHECK(ThrowAwayKeys(8, {}).key(1) != keys.key(1));
}

TEST_CASE("a tag that no key can carry is left out of throw-away keys") {
  const ThrowAwayKeys keys(7, {.open = ' ', .close = '}', .enabled = true});
  CHECK(why_not_memcached(keys.key(1)) == "");
}

}  // namespace
}  // namespace ringway::cli
