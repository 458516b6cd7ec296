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
  std::uint64_t content = 0;     // A hash of all that was read, as far as it came.
};

// How a variable such as ${ZONE} is looked up; nullopt: not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

Environment process_environment();

// What the main file may be. Whatever it names must be files that end.
enum class MainFile : std::uint8_t {
  any,      // Also a pipe, which is waited for.
  regular,  // Nothing that reading could wait for.
};

// Reads `path` and what it includes.
Loaded load_file(const std::string& path, const Environment& environment,
                 MainFile kind = MainFile::any);

// The same for text at hand (tests, fuzzing, --listen on the command line); `name`
// stands in for the file's name in problems, `include` is refused.
Loaded load_text(std::string_view text, const std::string& name, const Environment& environment);

// The effective configuration as TOML, which loads to the same Config.
std::string printed(const Config& config);

// The same without file names and places: what is left is what it says, so that
// two of them compare equal if they mean the same.
Config placeless(Config config);

// Where a key of `places` was written, the file as a whole if nowhere.
Place place_of(const Config& config, const std::string& key);

// Sixteen hex digits that stand for what it says, apart from [reload]: equal for equal
// meanings, whatever the files look like.
std::string fingerprint(const Config& config);

// Why this program cannot run a valid configuration: what it asks for is known but
// not yet carried out. Each is an error with its place; empty: run it.
Problems refusals(const Config& config);

// configs/reference.toml: every key, its default, its unit and why.
std::string reference();

}  // namespace ringway::config
