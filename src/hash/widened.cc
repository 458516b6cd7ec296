// murmur3's fmix64. Fixed for ever: the place of every key of a 32-bit hash on a
// `ring` depends on it, and so do the stand-ins of `modula` and `random`.
#include "ringway/hash/hash.h"

namespace ringway::hash {

std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

std::uint64_t widened(std::uint32_t hash) noexcept {
  return mixed(hash);
}

}  // namespace ringway::hash
