// One pool of twemproxy as TOML of ringway: a listener and a pool of its name. Where
// ringway's defaults would refuse, close, eject or give up what twemproxy does not, or the
// other way round, twemproxy's way is written out. What is kept is a table in
// tests/unit/cli/import_table_test.cc and in configs/moving-from-twemproxy.md.
#pragma once

#include <string>

#include "import/nutcracker.h"
#include "import/placed_text.h"

namespace ringway::cli {

struct ImportedPool {
  std::string name;  // As TOML has it: what it does not allow is '-'.
  std::string bind;  // In one spelling; empty if it has none.
  PlacedText toml;
};

ImportedPool import_pool(const NutcrackerPool& pool, config::Complaints& complaints);

}  // namespace ringway::cli
