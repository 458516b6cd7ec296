// "mc-{0..7}" -> eight strings. Several ranges in one string multiply, the last
// one running fastest; "{00..07}" keeps its zeros.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/result.h"

namespace ringway::config {

inline constexpr std::size_t servers_per_pool_max = 10'000;

// Text without a range yields itself alone.
Result<std::vector<std::string>> expand_ranges(std::string_view text);

}  // namespace ringway::config
