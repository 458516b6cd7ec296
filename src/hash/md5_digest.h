// A whole MD5 digest and its four little-endian words: ketama takes four points of
// the circle from each digest, the hash function `md5` only the first word.
#pragma once

#include <array>
#include <cstdint>

#include "ringway/base/bytes.h"

namespace ringway::hash {

using Md5Digest = std::array<std::uint8_t, 16>;

Md5Digest md5_digest(Bytes text) noexcept;

// Requires: index < 4.
inline std::uint32_t word(const Md5Digest& digest, std::size_t index) {
  const std::uint8_t* at = digest.data() + 4 * index;
  return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
         static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

}  // namespace ringway::hash
