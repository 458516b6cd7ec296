// The one rule for every value of the benchmark: its length, flags and content
// follow from its key alone. So the generator can verify each reply without
// remembering what it stored, and a server that stores nothing can answer.
//
// A value is its key, then bytes of a fixed pattern from an offset that the key
// chooses: another key's value, a shifted or a torn one never compares equal.
// The pattern holds line ends and "END": a parser that scans values stumbles.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ringway::bench {

inline constexpr std::size_t pattern_bytes = 65536;

// SplitMix64's finisher: every bit of the input moves half of the output.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

inline std::uint64_t key_hash(std::string_view key) {
  std::uint64_t hash = 0x9e3779b97f4a7c15U + key.size();
  while (!key.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(key.size(), sizeof(word));
    std::memcpy(&word, key.data(), count);
    hash = mix(hash ^ word);
    key.remove_prefix(count);
  }
  return hash;
}

// What follows from a key, kept by the generator so that it hashes a key once.
struct Shape {
  std::uint32_t size;
  std::uint32_t offset;  // Into the pattern.
  std::uint32_t flags;
};

struct ValueRule {
  std::uint32_t size_min = 32;
  std::uint32_t size_max = 1024;

  Shape shape(std::string_view key) const {
    const std::uint64_t hash = key_hash(key);
    const std::uint64_t span = std::uint64_t{size_max} - size_min + 1;
    const auto size = static_cast<std::uint32_t>(((hash >> 32) * span) >> 32);
    return {.size = size_min + size,
            .offset = static_cast<std::uint32_t>(hash % pattern_bytes),
            .flags = static_cast<std::uint32_t>((hash >> 16) & 0xffff)};
  }
};

using Pattern = std::array<char, pattern_bytes>;

inline const Pattern& pattern() {
  static const Pattern bytes = [] {
    Pattern made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<char>(mix(i + 1));
    constexpr std::string_view trap = "\r\nEND\r\nSTORED\r\n";
    for (std::size_t i = 0; i + trap.size() < made.size(); i += 509)
      trap.copy(&made[i], trap.size());
    return made;
  }();
  return bytes;
}

// Calls visit(piece) for the bytes [from, to) of the value, in order, until one returns false.
template <typename Visit>
bool visit_value(std::string_view key, const Shape& shape, std::size_t from, std::size_t to,
                 Visit visit) {
  const Pattern& bytes = pattern();
  while (from < to) {
    std::string_view piece;
    if (from < key.size()) {
      piece = key.substr(from, to - from);
    } else {
      const std::size_t start = (shape.offset + from - key.size()) % pattern_bytes;
      piece = std::string_view(bytes.data() + start, std::min(to - from, pattern_bytes - start));
    }
    if (!visit(piece)) return false;
    from += piece.size();
  }
  return true;
}

inline void append_value(std::string& out, std::string_view key, const Shape& shape) {
  visit_value(key, shape, 0, shape.size, [&out](std::string_view piece) {
    out.append(piece);
    return true;
  });
}

// Whether `part` is what the value holds from byte `from` on.
// REQUIRES: from + part.size() <= shape.size.
inline bool value_matches(std::string_view key, const Shape& shape, std::size_t from,
                          std::string_view part) {
  const std::size_t to = from + part.size();
  return visit_value(key, shape, from, to, [&part](std::string_view piece) {
    const bool same = std::memcmp(piece.data(), part.data(), piece.size()) == 0;
    part.remove_prefix(piece.size());
    return same;
  });
}

}  // namespace ringway::bench
