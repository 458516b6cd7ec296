// Text -> tree. The one door to the TOML library: its exceptions, its types and
// its compile time stay behind it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/tree.h"

namespace ringway::config {

// The root table, or the first syntax error. `name` is the file's, for places.
std::expected<Node, Problem> parse_document(std::string_view text, const std::string& name);

}  // namespace ringway::config
