// `crc32a` is the CRC-32 of zlib and Ethernet. `crc32` is libmemcached's: 15 bits of
// the same sum, which ketama answers with one server for nearly every key (see
// ring/advice.h); it is here for those whose modula pools already live with it.
#include <array>

#include "hash/functions.h"

namespace ringway::hash {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

constexpr auto table = make_table();

std::uint32_t sum(Bytes key) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : key) crc = (crc >> 8) ^ table[(crc ^ unsigned_byte(c)) & 0xff];
  return ~crc;
}

}  // namespace

std::uint64_t crc32(Bytes key) noexcept {
  return (sum(key) >> 16) & 0x7fff;
}

std::uint64_t crc32a(Bytes key) noexcept {
  return sum(key);
}

}  // namespace ringway::hash
