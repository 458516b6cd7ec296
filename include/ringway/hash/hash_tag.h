// The part of a key that is hashed when a pool has a hash tag, as twemproxy has
// it: between the first opening character and the first closing one after it, if
// there is at least one byte between them; otherwise the whole key.
#pragma once

#include <string_view>

#include "ringway/base/bytes.h"

namespace ringway::hash {

struct HashTag {
  char open = 0;
  char close = 0;
  bool enabled = false;

  Bytes part(Bytes key) const {
    if (!enabled) return key;
    const auto begin = key.find(open);
    if (begin == Bytes::npos) return key;
    const auto end = key.find(close, begin + 1);
    if (end == Bytes::npos || end == begin + 1) return key;
    return key.substr(begin + 1, end - begin - 1);
  }
};

}  // namespace ringway::hash
