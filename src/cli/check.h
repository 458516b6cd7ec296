// `ringway check FILE [--print] [--strict-dns] [--werror] [--instances N]`: everything that is
// wrong with a configuration, what `run` would refuse, what is legal but known to be bad or of
// no effect, and one line of verdict. Runs nothing.
#pragma once

#include <cstdint>
#include <string>

#include "ringway/base/streams.h"

namespace ringway::cli {

struct CheckOptions {
  std::string file;
  bool print = false;           // The effective configuration goes to out, all else to err.
  bool werror = false;          // Warnings are errors.
  bool strict_dns = false;      // Names are looked up; one that does not resolve is an error.
  std::uint32_t instances = 0;  // So many ringways run with it: what do servers get? 0: not asked.
};

// Exit status 0 unless there is an error.
int check(const CheckOptions& options, Streams streams);

}  // namespace ringway::cli
