// `ringway verify FILE --through ADDRESS`: the proof that operators trust. Writes
// throw-away keys through a running proxy, ringway or another, and looks for each on
// the server that FILE names. Afterwards the keys are deleted.
#pragma once

#include <cstdint>
#include <string>

#include "ringway/base/streams.h"

namespace ringway::cli {

struct VerifyOptions {
  std::string file = {};  // Of ringway, or a nutcracker.yml.
  std::string through = {};
  std::string listener = {};  // Empty: the only one, or the one that listens on that port.
  std::uint32_t keys = 2000;
};

// exit_ok only if every key was found where FILE says.
int verify(const VerifyOptions& options, Streams streams);

}  // namespace ringway::cli
