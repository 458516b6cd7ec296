// File -> Config, or the list of everything that is wrong with it. Touches files
// and environment variables, nothing else; toml++'s exceptions end in here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ringway/config/config.h"

namespace ringway::config {

struct Loaded {
  std::optional<Config> config;  // Absent if any problem is an error.
  Problems problems;             // Errors and warnings, in order of file, line, column.
};

// How a variable such as ${ZONE} is looked up; nullopt: not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

Environment process_environment();

// Reads `path` and what it includes.
Loaded load_file(const std::string& path, const Environment& environment);

// The same for text at hand (tests, fuzzing, --listen on the command line); `name`
// stands in for the file's name in problems, `include` is refused.
Loaded load_text(std::string_view text, const std::string& name, const Environment& environment);

// The effective configuration as TOML, which loads to the same Config.
std::string printed(const Config& config);

}  // namespace ringway::config
