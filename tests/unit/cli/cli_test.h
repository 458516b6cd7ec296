// What the tests of commands say often: a folder of files, a command's words.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "cli/streams.h"

namespace ringway::cli {

// Files that are gone at the end of the test.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "ringway-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::ofstream(file) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

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
