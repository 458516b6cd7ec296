// What the tests of commands say often: a folder of files, a command's words.
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>

#include "ringway/base/streams.h"

#include "../folder.h"

namespace ringway::cli {

using testing::Folder;

// What a command said; streams() goes into it.
struct Said {
  std::ostringstream out;
  std::ostringstream err;

  Streams streams() { return {out, err}; }
};

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// One listener, one pool "web" with these servers and whatever follows.
inline std::string web(std::string_view servers, std::string_view more = "") {
  return "[listener.web]\nbind = \"127.0.0.1:11311\"\nroute = \"web\"\n[pool.web]\nservers = " +
         std::string(servers) + "\n" + std::string(more);
}

}  // namespace ringway::cli
