// Tree -> Config, by the table of keys. What no single key can tell (two that
// contradict each other, names that name nothing) is checked in cross_checks.h.
#pragma once

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/tree.h"

namespace ringway::config {

Config read_config(const Node& root, Complaints& complaints);

}  // namespace ringway::config
