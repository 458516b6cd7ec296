// `ringway --listen ADDR --servers A,B,C`: the sidecar without a file. What it means
// is written as a file would be and read like one, so that it means the same.
#pragma once

#include <string>
#include <vector>

namespace ringway::cli {

struct OneLine {
  std::vector<std::string> listen;   // As `bind`.
  std::vector<std::string> servers;  // As `servers`: "10.0.0.1:11211", "10.0.0.1:11211:2 web1".
};

// The configuration as TOML. Metrics and admin are off: several of these may run on
// one machine.
std::string as_toml(const OneLine& line);

}  // namespace ringway::cli
