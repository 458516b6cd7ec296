// Where a command speaks: results to out, problems to err. A command is a plain
// function from arguments to an exit status, so that tests can call it.
#pragma once

#include <ostream>

namespace ringway {

struct Streams {
  std::ostream& out;
  std::ostream& err;
};

inline constexpr int exit_ok = 0;
inline constexpr int exit_error = 1;
inline constexpr int exit_refused = 2;  // Understood, and beyond the limit that was given.

}  // namespace ringway
