// All keys of a run and what the value rule says of each, made once, so that
// sending and verifying cost a table lookup.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/common/values.h"

namespace ringway::bench {

using KeyId = std::uint32_t;

class KeySet {
 public:
  // A key is the prefix, then its number padded with zeros to key_bytes.
  KeySet(std::uint32_t count, std::uint32_t key_bytes, const std::string& prefix, ValueRule rule)
      : key_bytes_(key_bytes) {
    names_.reserve(std::size_t{count} * key_bytes);
    shapes_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string digits = std::to_string(i);
      names_.append(prefix).append(key_bytes - prefix.size() - digits.size(), '0').append(digits);
      shapes_.push_back(rule.shape(name(i)));
    }
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(shapes_.size()); }
  std::string_view name(KeyId id) const {
    return {names_.data() + std::size_t{id} * key_bytes_, key_bytes_};
  }
  const Shape& shape(KeyId id) const { return shapes_[id]; }

 private:
  std::uint32_t key_bytes_;
  std::string names_;
  std::vector<Shape> shapes_;
};

}  // namespace ringway::bench
