// `ringway check FILE [--print] [--strict-dns]`: everything that is wrong with a
// configuration, what is legal but known to be bad, and one line of verdict. Runs nothing.
#pragma once

#include <string>

#include "cli/streams.h"

namespace ringway::cli {

struct CheckOptions {
  std::string file;
  bool print = false;       // The effective configuration goes to out, all else to err.
  bool strict_dns = false;  // Names are looked up; one that does not resolve is an error.
};

// Exit status 0 unless there is an error.
int check(const CheckOptions& options, Streams streams);

}  // namespace ringway::cli
