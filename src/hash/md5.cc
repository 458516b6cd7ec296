// The first four bytes of the MD5 digest, little endian. Not for secrecy: it is what
// ketama rings have always been made of.
#include <md5.h>

#include "hash/functions.h"
#include "hash/md5_digest.h"

namespace ringway::hash {

Md5Digest md5_digest(Bytes text) noexcept {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  Md5Digest digest;
  MD5Final(digest.data(), &context);
  return digest;
}

std::uint64_t md5(Bytes key) noexcept {
  return word(md5_digest(key), 0);
}

}  // namespace ringway::hash
