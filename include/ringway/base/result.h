// Result<T>: a value, or the sentence that says why there is none. For failures
// an operator reads; peers' failures are states, not Results.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ringway {

template <typename T>
using Result = std::expected<T, std::string>;

inline std::unexpected<std::string> failure(std::string why) {
  return std::unexpected<std::string>(std::move(why));
}

}  // namespace ringway
