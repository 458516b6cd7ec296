// Base64 of keys (meta flag b), strict: full groups of four, padding only at the
// end, unused bits zero. memcached skips bytes it does not know and ignores unused
// bits; here each key has one spelling, so that what a reply repeats can be compared.
#include <array>
#include <cstdint>

#include "ringway/proto/memcached/request.h"

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

}  // namespace ringway::proto::memcached
