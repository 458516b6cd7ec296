// The words of a command line before and after CLI11: short forms and words that it would
// misread are written out, and what it does not know is told with what was likely meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace ringway::cli {

using CommandWords = std::vector<std::string>;

// `ringway FILE` becomes `ringway run FILE`, `ringway help check` asks `check` for its help,
// and what follows "--" stands as it is.
CommandWords written_out(const CLI::App& app, CommandWords words);

// Why these words cannot be meant so, with what may be; empty if CLI11 shall judge.
std::string stranger(const CLI::App& app, const CommandWords& words);

// After CLI11 refused an option: "did you mean '--print'?", or nothing.
std::string likely_option(const CLI::App& app);

}  // namespace ringway::cli
