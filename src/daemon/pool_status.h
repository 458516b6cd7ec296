// One pool as the admin address tells it: how its servers stand and why, who stands in for
// whom, what is owed, what is asked for by hand. The same figures as metrics.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "worker/shared.h"

namespace ringway::cli {

nlohmann::json pool_status(const pool::Pool& pool, const worker::Shared& shared, Instant now);

// What no worker counts: for each server of a snapshot, as the board has it.
metrics::BoardFigures board_figures(const snapshot::Snapshot& snapshot, const proxy::Board& board);

}  // namespace ringway::cli
