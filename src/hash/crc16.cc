// CRC-CCITT (polynomial 0x1021, start 0), but on a 32-bit accumulator that nobody
// masks: the upper half of the result is what was shifted out of the lower. Redis
// Cluster's slots use the low 16 bits of the same sum.
#include <array>

#include "hash/functions.h"

namespace ringway::hash {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = crc & 0xffff;
  }
  return table;
}

constexpr auto table = make_table();

}  // namespace

std::uint64_t crc16(Bytes key) noexcept {
  std::uint32_t crc = 0;
  for (const char c : key) crc = (crc << 8) ^ table[((crc >> 8) ^ unsigned_byte(c)) & 0xff];
  return crc;
}

}  // namespace ringway::hash
