// Numbers as both sides of the memcached protocol write them: -?[0-9]+ in range,
// and nothing else. No plus sign, no hexadecimal, no blanks: servers differ on
// those, and where they differ a payload could be read as commands.
#pragma once

#include <charconv>
#include <cstdint>

#include "ringway/base/bytes.h"

namespace ringway::proto::memcached {

// Characters of the longest number, with its sign.
inline constexpr std::size_t number_bytes_max = 20;

// Takes the number that `bytes` begin with from them; false if they begin with none.
template <typename Number>
bool take_number(Bytes& bytes, Number& out) {
  const char* begin = bytes.data();
  const bool negative_zero = std::is_unsigned_v<Number> && bytes.starts_with('-');
  const auto [stop, failure] = std::from_chars(begin + negative_zero, begin + bytes.size(), out);
  bytes.remove_prefix(static_cast<std::size_t>(stop - begin));
  return failure == std::errc{} && !(negative_zero && out != 0);
}

template <typename Number>
bool parse_number(Bytes word, Number& out) {
  return take_number(word, out) && word.empty();
}

template <typename Number>
char* write_number(Number number, char* out) {
  return std::to_chars(out, out + number_bytes_max, number).ptr;
}

}  // namespace ringway::proto::memcached
