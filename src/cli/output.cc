// See output.h. A file over a network may take bytes and refuse them only when it is closed,
// and what is not looked at here is lost in silence after main.
#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <unistd.h>

#include "ringway/base/streams.h"

namespace ringway::cli {
namespace {

// Closes a copy, so that whoever writes later finds the original.
bool closes() {
  const int copy = ::dup(STDOUT_FILENO);
  return copy < 0 || ::close(copy) == 0;
}

}  // namespace

int after_output(int status, std::ostream& err) {
  errno = 0;
  std::cout.flush();
  const bool good = std::fflush(stdout) == 0 && std::cout && std::ferror(stdout) == 0 && closes();
  if (good) return status;
  err << "the output could not be written";
  if (errno != 0) err << ": " << std::strerror(errno);
  err << "\n";
  return exit_error;
}

}  // namespace ringway::cli
