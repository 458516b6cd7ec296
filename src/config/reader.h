// Tree -> Config, by the table of keys. What no single key can tell (two that
// contradict each other, names that name nothing) is checked in cross_checks.h.
#pragma once

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/files.h"
#include "config/tree.h"

namespace ringway::config {

// Reads what the tree names as well: files of servers.
Config read_config(const Node& root, Sources& sources, Complaints& complaints);

}  // namespace ringway::config
