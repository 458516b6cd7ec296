// MurmurHash2 with twemproxy's seed, which depends on the length of the key. Not
// murmur3: that one's finaliser is hash::mixed().
#include "hash/functions.h"

namespace ringway::hash {
namespace {

constexpr std::uint32_t factor = 0x5bd1e995;

}  // namespace

std::uint64_t murmur(Bytes key) noexcept {
  const auto length = static_cast<std::uint32_t>(key.size());
  std::uint32_t h = (0xdeadbeef * length) ^ length;
  for (; key.size() >= 4; key.remove_prefix(4)) {
    std::uint32_t k = load32(key.data()) * factor;
    k ^= k >> 24;
    h = (h * factor) ^ (k * factor);
  }
  if (!key.empty()) {
    if (key.size() == 3) h ^= unsigned_byte(key[2]) << 16;
    if (key.size() >= 2) h ^= unsigned_byte(key[1]) << 8;
    h = (h ^ unsigned_byte(key[0])) * factor;
  }
  h = (h ^ (h >> 13)) * factor;
  return h ^ (h >> 15);
}

}  // namespace ringway::hash
