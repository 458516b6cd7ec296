// xxh3_64 (the default) and xxh64, both with seed 0 as every other implementation
// has them. Inlined from the library's header: for short keys a call through the
// dynamic linker would cost as much as the hash.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hash/functions.h"

namespace ringway::hash {

std::uint64_t xxh3_64(Bytes key) noexcept {
  return XXH3_64bits(key.data(), key.size());
}

std::uint64_t xxh64(Bytes key) noexcept {
  return XXH64(key.data(), key.size(), 0);
}

}  // namespace ringway::hash
