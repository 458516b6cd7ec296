// The functions behind the table, one per file. Those of twemproxy reproduce it bit
// for bit, its accidents included, because a differing bit is a lost key. Where it
// adds a `char` it means a signed one: signed_byte() says so on every machine.
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"

namespace ringway::hash {

std::uint64_t xxh3_64(Bytes key) noexcept;
std::uint64_t xxh64(Bytes key) noexcept;
std::uint64_t one_at_a_time(Bytes key) noexcept;
std::uint64_t md5(Bytes key) noexcept;
std::uint64_t crc16(Bytes key) noexcept;
std::uint64_t crc32(Bytes key) noexcept;
std::uint64_t crc32a(Bytes key) noexcept;
std::uint64_t fnv1_64(Bytes key) noexcept;
std::uint64_t fnv1a_64(Bytes key) noexcept;
std::uint64_t fnv1_32(Bytes key) noexcept;
std::uint64_t fnv1a_32(Bytes key) noexcept;
std::uint64_t hsieh(Bytes key) noexcept;
std::uint64_t murmur(Bytes key) noexcept;
std::uint64_t jenkins(Bytes key) noexcept;

// A byte as x86's `char` widens to 32 bits: 0x80..0xff become 0xffffff80...
inline std::uint32_t signed_byte(char byte) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(byte)));
}

inline std::uint32_t unsigned_byte(char byte) {
  return static_cast<std::uint8_t>(byte);
}

// Little-endian loads that need no alignment and mean the same on every machine.
inline std::uint32_t load16(const char* at) {
  return unsigned_byte(at[0]) | unsigned_byte(at[1]) << 8;
}

inline std::uint32_t load32(const char* at) {
  return load16(at) | load16(at + 2) << 16;
}

}  // namespace ringway::hash
