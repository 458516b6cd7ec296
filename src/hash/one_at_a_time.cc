// Jenkins' one-at-a-time, with signed bytes as twemproxy has it: a key with bytes
// from 0x80 on hashes differently than with Jenkins' own.
#include "hash/functions.h"

namespace ringway::hash {

std::uint64_t one_at_a_time(Bytes key) noexcept {
  std::uint32_t h = 0;
  for (const char c : key) {
    h += signed_byte(c);
    h += h << 10;
    h ^= h >> 6;
  }
  h += h << 3;
  h ^= h >> 11;
  h += h << 15;
  return h;
}

}  // namespace ringway::hash
