// Chooses and opens the Io of a worker, on the worker's own thread. The only place
// that knows which implementations there are.
#pragma once

#include <memory>
#include <string>

#include "ringway/base/result.h"

#include "net/io.h"
#include "net/io_settings.h"

namespace ringway::net {

struct IoChoice {
  std::unique_ptr<Io> io;
  std::string name;       // "io_uring" or "epoll".
  std::string why;        // One sentence for the operator.
  bool fallback = false;  // io_uring was to be used, and could not be.
};

// IoKind::automatic takes io_uring where the kernel allows it, else epoll, and says
// in `why` what would have to change. Asked for io_uring alone, it fails instead.
Result<IoChoice> open_io(IoKind kind, const IoSettings& settings);
// Epoll after all, for a reason that the caller knows.
Result<IoChoice> open_fallback(const IoSettings& settings, std::string why);

}  // namespace ringway::net
