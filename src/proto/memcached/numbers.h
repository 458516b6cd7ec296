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

template <typename Number>
bool parse_number(Bytes word, Number& out) {
  const char* begin = word.data();
  const char* end = begin + word.size();
  const bool negative_zero = std::is_unsigned_v<Number> && word.starts_with('-');
  const auto [stop, failure] = std::from_chars(begin + negative_zero, end, out);
  return failure == std::errc{} && stop == end && !(negative_zero && out != 0);
}

template <typename Number>
char* write_number(Number number, char* out) {
  return std::to_chars(out, out + number_bytes_max, number).ptr;
}

}  // namespace ringway::proto::memcached
