// What a run came to, for people and as one line of JSON for programs.
#pragma once

#include <string>

#include "bench/load/load.h"

namespace ringway::bench {

std::string as_json(const Measured& measured, const Options& options);

void print_report(const Measured& measured, const Options& options);

}  // namespace ringway::bench
