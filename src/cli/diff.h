// `ringway diff OLD NEW [--json] [--max-moved 10%]`: what a reload from one file to
// the other would do, before it does. Either side may be a nutcracker.yml.
#pragma once

#include <optional>
#include <string>

#include "cli/streams.h"
#include "reload/difference.h"

namespace ringway::cli {

struct DiffOptions {
  std::string before;
  std::string after;
  bool json = false;
  std::optional<double> max_moved;  // Share of a pool's keys; see config::parse_share.
};

// exit_refused if more than max_moved of a pool's keys move, exit_error if a file does
// not load.
int diff(const DiffOptions& options, Streams streams);

std::string as_text(const reload::Difference& difference);
std::string as_json(const reload::Difference& difference);

}  // namespace ringway::cli
