// The one list of what stands against a configuration that reads well: what this version
// cannot run, and what it would miss where it runs. `check`, `run`, a reload and `diff` all
// ask here, so that none of them passes what another refuses.
#pragma once

#include <cstdint>

#include "ringway/config/load.h"

namespace ringway::reload {

enum class Asker : std::uint8_t {
  check,   // Perhaps as another user, on another machine: what depends on that is a warning.
  start,   // The process that is to run it.
  reload,  // The same, already listening: which sockets it can open it finds out by opening.
};

// Adds to what the loader found, in order of places. Errors: it must not come into force.
void judge(const config::Config& config, Asker asker, config::Problems& problems);

// What an error forbids is not there.
config::Loaded judged(config::Loaded loaded, Asker asker);

}  // namespace ringway::reload
