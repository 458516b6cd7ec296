// What a configuration names and the machine must have: files, folders of sockets, addresses.
// Only looks: makes nothing, opens no port. Part of judge.h.
#pragma once

#include "ringway/config/config.h"

#include "reload/judge.h"

namespace ringway::reload {

config::Problems missing_around(const config::Config& config, Asker asker);

}  // namespace ringway::reload
