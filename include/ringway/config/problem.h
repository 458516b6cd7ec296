// What is wrong with a configuration, told so that it can be mended: where, what,
// and what to write instead. Problems are collected, never thrown: an operator
// sees all of them at once, in order of lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringway::config {

struct Place {
  std::string file;
  std::uint32_t line = 0;    // From 1; 0: the file as a whole.
  std::uint32_t column = 0;  // From 1.

  bool operator==(const Place&) const = default;
};

enum class Severity : std::uint8_t { warning, error };

struct Problem {
  Place where;
  std::string what;
  std::string hint;  // What to write instead; may be empty.
  Severity severity = Severity::error;

  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

// "ringway.toml:7:3: error: unknown key 'timeuot' in [pool.web]\n  did you mean 'timeout'?"
std::string text(const Problem& problem);

// The same on one line, without the word of its severity: for logs.
std::string line(const Problem& problem);

// In the order of files as they were read, then of lines; what concerns a whole file is first.
void sort_by_place(const std::vector<std::string>& files, Problems& problems);

bool any_error(const Problems& problems);

}  // namespace ringway::config
