// Whether what a command printed is where it should be: on a full disk `ringway import ... >
// file` must not end well with half a file.
#pragma once

#include <iosfwd>

namespace ringway::cli {

// To be asked last. `status`, or exit_error with the reason on `err` if standard output did
// not take all.
int after_output(int status, std::ostream& err);

}  // namespace ringway::cli
