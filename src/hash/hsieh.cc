// Paul Hsieh's SuperFastHash, starting from 0. Bytes are unsigned but for the very
// last one of a key whose length is 3 modulo 4.
#include "hash/functions.h"

namespace ringway::hash {
namespace {

// The one to three bytes after the last whole word.
std::uint32_t with_tail(std::uint32_t h, Bytes tail) {
  switch (tail.size()) {
    case 3:
      h += load16(tail.data());
      h ^= h << 16;
      h ^= signed_byte(tail[2]) << 18;
      return h + (h >> 11);
    case 2:
      h += load16(tail.data());
      h ^= h << 11;
      return h + (h >> 17);
    case 1:
      h += unsigned_byte(tail[0]);
      h ^= h << 10;
      return h + (h >> 1);
    default: return h;
  }
}

}  // namespace

std::uint64_t hsieh(Bytes key) noexcept {
  std::uint32_t h = 0;
  for (; key.size() >= 4; key.remove_prefix(4)) {
    h += load16(key.data());
    h = (h << 16) ^ ((load16(key.data() + 2) << 11) ^ h);
    h += h >> 11;
  }
  h = with_tail(h, key);
  h ^= h << 3;
  h += h >> 5;
  h ^= h << 4;
  h += h >> 17;
  h ^= h << 25;
  h += h >> 6;
  return h;
}

}  // namespace ringway::hash
