// The flags of a meta request as they matter for its reply: read again from how they were
// written, for nothing else of it is kept.
#pragma once

#include "ringway/base/bytes.h"

#include "proto/memcached/words.h"

namespace ringway::proto::memcached {

struct AskedFlags {
  bool wants_key = false;    // k
  bool wants_value = false;  // v
  bool base64 = false;       // b
  bool quiet = false;        // q
  bool vivifies = false;     // N
  bool names_opaque = false;
  Bytes opaque;  // O, without the letter; may be empty.

  explicit AskedFlags(Bytes flags) {
    Words words{flags.data(), flags.data() + flags.size()};
    for (Bytes token; words.next(token);) note(token);
  }

 private:
  void note(Bytes token) {
    switch (token[0]) {
      case 'k': wants_key = true; return;
      case 'v': wants_value = true; return;
      case 'b': base64 = true; return;
      case 'q': quiet = true; return;
      case 'N': vivifies = true; return;
      case 'O':
        names_opaque = true;
        opaque = token.substr(1);
        return;
      default: return;
    }
  }
};

}  // namespace ringway::proto::memcached
