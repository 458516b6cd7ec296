// Warnings about pools that are legal and known to be bad: what ring/advice.h knows, and what
// weights do to a ring, each at its pool's place.
#pragma once

#include "ringway/config/config.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway::reload {

config::Problems advice(const config::Config& config);

// The same where the rings are already built, which is most of the work.
config::Problems advice(const snapshot::Snapshot& snapshot);

}  // namespace ringway::reload
