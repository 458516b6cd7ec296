// Keys that nobody else has and that are soon gone, in the shapes that part hash
// functions: short, long, with bytes above 127, and with a hash tag if there is one.
#pragma once

#include <cstdint>
#include <string>

#include "ringway/hash/hash_tag.h"

namespace ringway::cli {

class ThrowAwayKeys {
 public:
  // `nonce` makes them unique: a random number per run.
  ThrowAwayKeys(std::uint64_t nonce, const hash::HashTag& tag);

  // The n-th: printable for memcached, at most 250 bytes, a function of nonce and n.
  std::string key(std::uint32_t n) const;

 private:
  std::string prefix_;
  hash::HashTag tag_;
};

}  // namespace ringway::cli
