// What the TOML library calls a syntax error, in words of whoever wrote the line: mostly text
// without its quotes. The library's own words stay where nothing better is known.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/values.h"

namespace ringway::config {

struct SyntaxError {
  std::string_view description;
  std::uint32_t line = 0;    // From 1.
  std::uint32_t column = 0;  // From 1.
};

// `text`: the whole file.
Complaint explained(const SyntaxError& error, std::string_view text);

}  // namespace ringway::config
