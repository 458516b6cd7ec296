// `ringway reload [--live ADDR] [--token-file FILE] [--accept-moved] [--timeout 30s]`: asks
// a running ringway to read its configuration again, waits for the outcome, and prints it.
#pragma once

#include <string>

#include "ringway/base/streams.h"
#include "ringway/base/time.h"

namespace ringway::cli {

struct ReloadOptions {
  std::string live = "127.0.0.1:9311";  // Its admin address; this is the default one.
  std::string token_file = {};
  bool accept_moved = false;
  Duration timeout = std::chrono::seconds(30);
};

// exit_ok if every worker behaves by it (or nothing had changed, or it waits for its
// apply_at), exit_refused if the interlock refused it, exit_error otherwise.
int reload(const ReloadOptions& options, Streams streams);

}  // namespace ringway::cli
