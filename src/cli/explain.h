// `ringway explain FILE KEY... [--listener NAME] [--json]`: where keys go, and why, with
// all servers live; with `--live ADDR` instead of FILE a running instance is asked, which
// knows who is live.
#pragma once

#include <string>
#include <vector>

#include "ringway/base/streams.h"

namespace ringway::cli {

struct ExplainOptions {
  std::vector<std::string> words = {};  // FILE and keys; with `live` keys alone.
  std::string live = {};                // Admin address of a running instance.
  std::string token_file = {};          // With `live`: what admin.token_file holds there.
  std::string listener = {};            // Empty: each of them.
  bool base64 = false;                  // All keys are encoded.
  bool json = false;
};

int explain(const ExplainOptions& options, Streams streams);

}  // namespace ringway::cli
