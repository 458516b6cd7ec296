// Cutting a line of the memcached protocol into words. Words are what stands
// between spaces, and spaces only: memcached knows no other white space.
//
// Invariant: nothing here reads a byte outside the range it was given.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "ringway/base/bytes.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

// The first byte of [at, end) that no key may hold: below 0x21, or 0x7f. Eight
// bytes at a time: a borrow only ever spoils bytes above one that truly matched,
// so the lowest mark is exact.
inline const char* key_end(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = ones * 0x80;
  for (; end - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    if constexpr (std::endian::native == std::endian::big) eight = std::byteswap(eight);
    const std::uint64_t from_delete = eight ^ (ones * 0x7f);
    const std::uint64_t marks =
        (((eight - ones * 0x21) & ~eight) | ((from_delete - ones) & ~from_delete)) & highs;
    if (marks != 0) return at + std::countr_zero(marks) / 8;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x21 || byte == 0x7f) return at;
  }
  return end;
}

// Not empty, no byte that no key may hold.
inline bool printable(Bytes word) {
  const char* end = word.data() + word.size();
  return !word.empty() && key_end(word.data(), end) == end;
}

inline bool valid_key(Bytes word) {
  return word.size() <= key_bytes_max && printable(word);
}

// What is left of a line.
struct Words {
  const char* at = nullptr;
  const char* end = nullptr;

  void skip_spaces() {
    while (at != end && *at == ' ') ++at;
  }

  // False at the end of the line. A word may hold any byte but space.
  bool next(Bytes& word) {
    skip_spaces();
    if (at == end) return false;
    const char* stop = key_end(at, end);
    while (stop != end && *stop != ' ') ++stop;
    word = Bytes(at, static_cast<std::size_t>(stop - at));
    at = stop;
    return true;
  }

  // Everything to the end, without the spaces around it.
  Bytes rest() {
    skip_spaces();
    while (end != at && end[-1] == ' ') --end;
    return Bytes(at, static_cast<std::size_t>(end - at));
  }
};

// The words of a line that has few of them; further ones are only counted.
struct FewWords {
  static constexpr std::size_t kept_max = 8;
  std::array<Bytes, kept_max> word;
  std::size_t count = 0;
  Bytes last;

  explicit FewWords(Words words) {
    for (; words.next(last); ++count) {
      if (count < kept_max) word[count] = last;
    }
  }
};

}  // namespace ringway::proto::memcached
