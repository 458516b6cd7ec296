// "did you mean": the known word nearest to a mistyped one. Pure and small; used for
// keys, sections, words and the names of pools alike.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringway::config {

// Empty if none is near enough to be meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// "did you mean 'timeout'?", or all that is known.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace ringway::config
