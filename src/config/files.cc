// See files.h. Only the first file may include: what belongs to a configuration
// is seen in one place, and there are no circles.
#include "config/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <glob.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "ringway/base/result.h"
#include "ringway/hash/hash.h"

#include "config/document.h"

namespace ringway::config {
namespace {

constexpr std::size_t file_bytes_max = 16u << 20;
constexpr std::size_t files_max = 1000;
constexpr const char* not_regular = "is not a regular file";

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

Result<std::string> contents(File file) {
  if (!file) return failure(std::strerror(errno));
  std::string all;
  char block[65536];
  while (const auto count = std::fread(block, 1, sizeof block, file.get())) {
    all.append(block, count);
    if (all.size() > file_bytes_max) return failure("larger than 16MiB");
  }
  if (std::ferror(file.get())) return failure(std::strerror(errno));
  return all;
}

Result<std::string> contents_of_any(const std::string& path) {
  return contents(File(std::fopen(path.c_str(), "rbe"), &std::fclose));
}

bool may_be_read(const struct stat& status) {
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);  // Of a folder, reading tells more.
}

// What is plainly no file is not even opened: a writer of a pipe would notice. What is opened
// is looked at once more, because it may have become another: nothing is ever waited for.
Result<std::string> contents_of_regular(const std::string& path) {
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0 && !may_be_read(before)) return failure(not_regular);
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  // A socket, or a device that is not there.
  if (fd < 0) return failure(errno == ENXIO ? not_regular : std::strerror(errno));
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !may_be_read(status)) {
    ::close(fd);
    return failure(not_regular);
  }
  return contents(File(::fdopen(fd, "rb"), &std::fclose));
}

bool is_pattern(std::string_view path) {
  return path.find_first_of("*?[") != path.npos;
}

// Sorted; a path without a wildcard stays, whether it exists or not.
std::vector<std::string> matches(const std::string& pattern) {
  if (!is_pattern(pattern)) return {pattern};
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

class FileReader {
 public:
  FileReader(Sources& sources, Complaints& complaints)
      : sources_(sources), complaints_(complaints) {}

  // `asked_by`: the include that names it; the file itself for the first.
  std::optional<Node> document(const std::string& path, const Place& asked_by) {
    const auto text = read_source(path, sources_);
    if (!text) {
      complaints_.error(asked_by, fmt::format("cannot read {}: {}", path, text.error()),
                        unreadable_hint);
      return std::nullopt;
    }
    auto root = parse_document(*text, path);
    if (root) return std::move(*root);
    complaints_.add(root.error());
    return std::nullopt;
  }

  // False after a syntax error or an unreadable file.
  bool include(Node& root, const std::filesystem::path& folder) {
    const Entry* entry = root.find("include");
    if (entry == nullptr) return true;
    const Node patterns = entry->value;  // A copy: merging moves the entries.
    const bool one = patterns.kind == NodeKind::text;
    if (!one && patterns.kind != NodeKind::list) return wrong_include(patterns);
    for (const Node& pattern : one ? std::vector{patterns} : patterns.items) {
      if (pattern.kind != NodeKind::text) return wrong_include(pattern);
      const auto paths = matches(folder / pattern.text);
      if (paths.empty()) {
        complaints_.warning(pattern.where, fmt::format("no file matches {}", pattern.text),
                            "patterns count from the folder of this file");
      }
      for (const auto& path : paths) {
        if (!include_one(root, path, pattern.where)) return false;
      }
    }
    return true;
  }

 private:
  bool wrong_include(const Node& node) {
    complaints_.error(node.where, fmt::format("include: expected files, not {}", described(node)),
                      "write include = [\"pools.d/*.toml\"]");
    return false;
  }

  bool include_one(Node& root, const std::string& path, const Place& asked_by) {
    if (sources_.files.size() >= files_max) {
      complaints_.error(asked_by, fmt::format("more than {} files", files_max),
                        "put several pools into one");
      return false;
    }
    if (std::ranges::count(sources_.files, path) > 0) {
      complaints_.error(asked_by, fmt::format("{} is included twice", path),
                        "leave it out of one pattern");
      return false;
    }
    auto document = this->document(path, asked_by);
    if (!document) return false;
    if (const Entry* nested = document->find("include")) {
      complaints_.error(nested->where, "an included file cannot include",
                        "name all files in the first one");
      return false;
    }
    merge(root, std::move(*document), complaints_);
    return true;
  }

  Sources& sources_;
  Complaints& complaints_;
};

}  // namespace

void merge(Node& into, Node from, Complaints& complaints) {
  for (Entry& entry : from.entries) {
    Entry* present = into.find(entry.key);
    if (present == nullptr) {
      into.entries.push_back(std::move(entry));
    } else if (present->value.kind == NodeKind::table && entry.value.kind == NodeKind::table) {
      merge(present->value, std::move(entry.value), complaints);
    } else {
      complaints.error(entry.where,
                       fmt::format("'{}' is set twice, first in {}:{}", entry.key,
                                   present->where.file, present->where.line),
                       "keep one of the two");
    }
  }
}

Result<std::string> read_source(const std::string& path, Sources& sources) {
  const auto* xxh3 = hash::find("xxh3_64");
  const bool any = sources.files.empty() && sources.main == MainFile::any;
  sources.files.push_back(path);
  auto text = any ? contents_of_any(path) : contents_of_regular(path);
  const std::uint64_t both = xxh3->of(path) ^ hash::mixed(xxh3->of(text ? *text : text.error()));
  sources.content = hash::mixed(sources.content + both);
  return text;
}

std::optional<Node> read_files(const std::string& path, Sources& sources, Complaints& complaints) {
  FileReader reader(sources, complaints);
  auto root = reader.document(path, {path, 0, 0});
  const auto folder = std::filesystem::path(path).parent_path();
  if (root && !reader.include(*root, folder)) return std::nullopt;
  return root;
}

}  // namespace ringway::config
