// Base64 of keys (meta flag b), strict: full groups of four, padding only at the
// end, unused bits zero. memcached skips bytes it does not know and ignores unused
// bits; here each key has one spelling, so that what a reply repeats can be compared.
#include <algorithm>
#include <array>
#include <cstdint>

#include "ringway/base/assert.h"
#include "ringway/proto/memcached/request.h"

#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

constexpr Bytes alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr auto digits = [] {
  std::array<std::uint8_t, 256> of{};
  of.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    of[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return of;
}();

std::size_t padding_of(Bytes encoded) {
  if (encoded.ends_with("==")) return 2;
  return encoded.ends_with('=') ? 1 : 0;
}

}  // namespace

bool decode_key(Bytes encoded, char* out, std::size_t& size) {
  if (encoded.empty() || encoded.size() % 4 != 0) return false;
  const std::size_t padding = padding_of(encoded);
  size = encoded.size() / 4 * 3 - padding;
  if (size > key_bytes_max) return false;

  std::uint32_t bits = 0;
  std::uint32_t bit_count = 0;
  for (const char c : encoded.substr(0, encoded.size() - padding)) {
    const std::uint8_t digit = digits[static_cast<unsigned char>(c)];
    if (digit == no_digit) return false;
    bits = (bits << 6) | digit;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    *out++ = static_cast<char>(bits >> bit_count);
    bits &= (1u << bit_count) - 1;
  }
  return bits == 0;  // What padding left unused.
}

Bytes encode_key(Bytes key, char* out) {
  RINGWAY_ASSERT(!key.empty() && key.size() <= key_bytes_max);
  char* const begin = out;
  for (std::size_t i = 0; i < key.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, key.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < 3; ++byte) {
      bits = (bits << 8) | (byte < count ? static_cast<unsigned char>(key[i + byte]) : 0u);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      *out++ = digit <= count ? alphabet[(bits >> (18 - 6 * digit)) & 63] : '=';
    }
  }
  return {begin, static_cast<std::size_t>(out - begin)};
}

bool is_plain_key(Bytes key) {
  return valid_key(key);
}

}  // namespace ringway::proto::memcached
