// `ringway import nutcracker.yml... > ringway.toml`: twemproxy's configuration as
// ringway's, with every key on the server where it is now. What has no equal, or
// never worked, becomes a comment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringway/base/streams.h"
#include "ringway/config/load.h"

namespace ringway::cli {

struct Imported {
  std::string toml;  // Empty if any problem is an error.
  config::Problems problems;
  std::vector<config::Place> origins;  // Where each line of it comes from.
};

struct NutcrackerFile {
  std::string name;
  std::string text;
};

// Several files become one configuration: one ringway does the work of several
// twemproxies.
Imported import_nutcracker(const std::vector<NutcrackerFile>& files);

int import(const std::vector<std::string>& paths, Streams streams);

// A configuration of either kind: by its name, *.yml and *.yaml are twemproxy's.
config::Loaded load_any(const std::string& path);

}  // namespace ringway::cli
