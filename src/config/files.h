// A file and what it includes -> one tree. Order: the file itself, then the
// included ones, sorted within each pattern. A key set twice is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/config/load.h"

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

// What was read, in that order, whether it could be read or not.
struct Sources {
  std::vector<std::string> files;
  std::uint64_t content = 0;  // A hash of names and contents.
  bool may_read = true;       // False: text at hand names no files.
  MainFile main = MainFile::any;
  Environment environment = {};  // For what is read besides the files themselves.
};

inline constexpr const char* unreadable_hint =
    "correct its name, or let ringway's user read it; it is text of at most 16MiB";

// Only the first may be something else than a regular file: opening a pipe waits for ever.
Result<std::string> read_source(const std::string& path, Sources& sources);

// Nothing if a file cannot be read or has a syntax error: then nothing else can be said.
std::optional<Node> read_files(const std::string& path, Sources& sources, Complaints& complaints);

// `from` into `into`, table by table.
void merge(Node& into, Node from, Complaints& complaints);

}  // namespace ringway::config
