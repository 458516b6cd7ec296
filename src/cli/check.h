// `ringway check FILE [--print]`: everything that is wrong with a configuration, what
// is legal but known to be bad, and one line of verdict. Runs nothing.
#pragma once

#include <string>

#include "cli/streams.h"

namespace ringway::cli {

// Exit status 0 unless there is an error. With `print` the effective configuration
// goes to out, and everything else to err.
int check(const std::string& file, bool print, Streams streams);

}  // namespace ringway::cli
