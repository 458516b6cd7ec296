// A snapshot as `run` would build it from a file, without running anything: for commands
// that tell what traffic would do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ringway/base/streams.h"
#include "ringway/route/pool_live.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway::cli {

// Null if the file does not load, or no listener is left; `err` is told why. Of several
// listeners those that this version cannot route are left out, and `err` is told so.
std::unique_ptr<snapshot::Snapshot> offline_snapshot(const std::string& file, std::ostream& err);
std::unique_ptr<snapshot::Snapshot> offline_snapshot(config::Config config, std::ostream& err);

// Every server of every pool, by pool number.
std::vector<route::PoolLive> all_live(const snapshot::Snapshot& snapshot);

// The listener of this name, or all of them if it is empty; none if there is no such
// listener.
std::vector<const snapshot::Listener*> listeners_named(const snapshot::Snapshot& snapshot,
                                                       std::string_view name);

// "there is no listener 'x'; there are: a, b"
std::string no_such_listener(const snapshot::Snapshot& snapshot, std::string_view name);

}  // namespace ringway::cli
