// The hash functions that a pool may name, as one table. A function yields 32 or
// 64 bits; `ring` widens 32 to 64, `ketama` and `modula` take the low 32 of 64.
// Adding one: a file src/hash/<name>.cc and a line in src/hash/table.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ringway/base/bytes.h"

namespace ringway::hash {

struct HashFunction {
  std::string_view name;                    // As in the configuration: "xxh3_64".
  std::uint8_t bits;                        // 32 or 64 meaningful bits of the result.
  std::uint64_t (*of)(Bytes key) noexcept;  // Any bytes, any length, also empty.
  std::string_view note;                    // One line for help and reference.
};

// Every function, in the order of the documentation; the first is the default.
std::span<const HashFunction> functions();

// Null if there is none of that name. The result lives as long as the program.
const HashFunction* find(std::string_view name);

// A fixed 64-bit finaliser (murmur3's fmix64): a bijection whose every output bit
// depends on every input bit.
std::uint64_t mixed(std::uint64_t value) noexcept;

// mixed() of a 32-bit hash, which spreads it over the 64-bit circle: without it every
// key would fall on the circle's first 2^-32.
std::uint64_t widened(std::uint32_t hash) noexcept;

}  // namespace ringway::hash
