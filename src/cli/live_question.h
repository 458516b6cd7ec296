// Asks a running ringway, through its admin address, where a key goes: the other end of
// explain_route.h.
#pragma once

#include <string>

#include "ringway/base/result.h"

namespace ringway::cli {

struct LiveQuestion {
  std::string address;  // "127.0.0.1:9311", "unix:/run/ringway/admin.sock"
  std::string token;    // Empty: none is sent.
  std::string key;
  std::string listener;  // Empty: each of them.
  bool json = false;
};

// The answer as it is to be printed; otherwise a sentence that names the address.
Result<std::string> asked_live(const LiveQuestion& question);

}  // namespace ringway::cli
