// `servers_file` of a pool: a server on each line, as in the list `servers`, empty lines,
// and comments behind '#'. What a machine writes that should not have to write TOML; held to the
// same: UTF-8, variables, ranges, a size.
#pragma once

#include "ringway/config/config.h"

#include "config/complaints.h"
#include "config/files.h"
#include "config/tree.h"

namespace ringway::config {

// Appends its servers. The file's name counts from the folder of the file that names it.
void read_servers_file(const Entry& entry, Pool& pool, Sources& sources, Complaints& complaints);

}  // namespace ringway::config
