// `ringway run FILE`: the process itself. Reads the file, starts the threads, and
// waits for signals until it is told to end.
#pragma once

#include <string>

#include "ringway/config/config.h"

#include "daemon/one_line.h"

namespace ringway::cli {

// The exit status: 0 after an orderly end, 1 if it could not start.
int run(const std::string& file);
int run(const OneLine& line);

}  // namespace ringway::cli
