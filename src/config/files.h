// A file and what it includes -> one tree. Order: the file itself, then the
// included ones, sorted within each pattern. A key set twice is an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

// Nothing if a file cannot be read or has a syntax error: then nothing else can be
// said. `files` gets the names of all files, in the order in which they were read.
std::optional<Node> read_files(const std::string& path, std::vector<std::string>& files,
                               Complaints& complaints);

// `from` into `into`, table by table.
void merge(Node& into, Node from, Complaints& complaints);

}  // namespace ringway::config
