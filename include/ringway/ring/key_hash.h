// From the bytes of a key to the two widths in which distributions want its hash.
// The one place where tag, empty key and widening meet, so that traffic, `explain`
// and `diff` cannot disagree.
#pragma once

#include "ringway/base/bytes.h"
#include "ringway/hash/hash.h"
#include "ringway/hash/hash_tag.h"
#include "ringway/ring/distribution.h"

namespace ringway::ring {

// Both widths of one result of `function`: 32 bits are widened for `wide`, 64 give
// their low half to `narrow`.
inline KeyHash both_widths(const hash::HashFunction& function, std::uint64_t result) {
  const auto narrow = static_cast<std::uint32_t>(result);
  return {.wide = function.bits == 64 ? result : hash::widened(narrow), .narrow = narrow};
}

// Only the part within the tag is hashed. An empty key hashes to 0 whatever the
// function says of it, as in twemproxy.
inline KeyHash key_hash(const hash::HashFunction& function, const hash::HashTag& tag, Bytes key) {
  if (key.empty()) return {};
  return both_widths(function, function.of(tag.part(key)));
}

}  // namespace ringway::ring
