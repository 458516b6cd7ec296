// See plain_text.h. Longer forms than needed, surrogates and what is beyond U+10FFFF are no UTF-8
// here, as JSON and Prometheus have it.
#include "ringway/base/plain_text.h"

#include <cstdint>

namespace ringway {
namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The value of a code point's first byte and the least value its length may stand for:
// a longer form than needed is not UTF-8.
struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t least;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc0 && byte < 0xe0) return {2, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf8) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

std::string_view first_character(std::string_view text, std::size_t length) {
  return text.substr(0, length == 0 ? 1 : length);
}

void append_number(std::string& out, char byte) {
  constexpr char digits[] = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  out.append("\\x").append(1, digits[value >> 4U]).append(1, digits[value & 15U]);
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  auto [length, point, least] = lead_of(static_cast<unsigned char>(text.front()));
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
    point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < least || surrogate || point > 0x10ffff ? 0 : length;
}

// U+0080 to U+009F: terminals take them for control sequences.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = first_character(text, length);
    if (character == "\n") {
      out.append("\\n");
    } else if (length == 0 || is_control(character)) {
      for (const char byte : character) append_number(out, byte);
    } else {
      out.append(character);
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace ringway
