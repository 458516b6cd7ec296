// `ringway diff OLD NEW [--json] [--max-moved 10%]`: what a reload from one file to
// the other would do, before it does. Either side may be a nutcracker.yml.
#pragma once

#include <optional>
#include <string>

#include "ringway/base/streams.h"

#include "reload/difference.h"

namespace ringway::cli {

struct DiffOptions {
  std::string before;
  std::string after;
  bool json = false;
  std::optional<double> max_moved;  // Share of a pool's keys; see config::parse_share.
};

// Says what a reload would be refused for. With max_moved, which replaces that of the new file
// and holds for small pools, too: exit_refused then. exit_error if a file
// does not load, or `run` would refuse NEW.
int diff(const DiffOptions& options, Streams streams);

std::string as_text(const reload::Difference& difference);
std::string as_json(const reload::Difference& difference);

}  // namespace ringway::cli
