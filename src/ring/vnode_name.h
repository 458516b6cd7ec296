// The text "<name>-<number>" that `ring` and `ketama` hash for a vnode, rewritten in
// place for a million vnodes without allocating.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringway/base/bytes.h"

namespace ringway::ring {

class VnodeName {
 public:
  explicit VnodeName(std::string_view server)
      : text_(std::string(server) + '-'), prefix_(text_.size()) {
    text_.resize(prefix_ + 10);  // The digits of any 32-bit number.
  }

  // Valid until the next call.
  Bytes number(std::uint32_t number) {
    char* const digits = text_.data() + prefix_;
    const auto end = std::to_chars(digits, text_.data() + text_.size(), number).ptr;
    return Bytes(text_).substr(0, static_cast<std::size_t>(end - text_.data()));
  }

 private:
  std::string text_;
  std::size_t prefix_;
};

}  // namespace ringway::ring
