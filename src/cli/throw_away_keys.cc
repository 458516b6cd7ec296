// See throw_away_keys.h. The shape is the number's, so that each server gets some of
// every shape.
#include "cli/throw_away_keys.h"

#include <fmt/format.h>

#include "ringway/base/assert.h"

#include "explain/key_text.h"

namespace ringway::cli {
namespace {

constexpr std::size_t long_key_bytes = 250;  // What memcached takes at most.

}  // namespace

ThrowAwayKeys::ThrowAwayKeys(std::uint64_t nonce, const hash::HashTag& tag)
    : prefix_(fmt::format("ringway-verify-{:016x}:", nonce)), tag_(tag) {
  const char characters[] = {tag.open, tag.close};
  if (!why_not_memcached({characters, 2}).empty()) tag_.enabled = false;
}

std::string ThrowAwayKeys::key(std::uint32_t n) const {
  std::string key = fmt::format("{}{}", prefix_, n);
  switch (n % 4) {
    case 1:
      if (tag_.enabled) key += fmt::format("{}tag-{}{}:x", tag_.open, n / 8, tag_.close);
      break;
    case 2: key += ":k\xc3\xa4se-\xe2\x82\xac"; break;
    case 3:
      if (n % 32 == 3) key.resize(long_key_bytes, 'x');
      break;
    default: break;
  }
  RINGWAY_ASSERT(why_not_memcached(key).empty());
  return key;
}

}  // namespace ringway::cli
