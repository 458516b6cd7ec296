// See import.h: the files, and that what comes out loads. What becomes of a pool is
// pool_import.h's. Nobody is told a place in the text that was made here: each is the one in
// the yml that the line comes from.
#include "import/import.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "config/complaints.h"
#include "import/nutcracker.h"
#include "import/pool_import.h"

namespace ringway::cli {
namespace {

// Where a place in the written text comes from.
config::Place origin(const Imported& imported, const config::Place& place) {
  const auto& origins = imported.origins;
  if (place.line > 0 && place.line <= origins.size()) return origins[place.line - 1];
  return {origins.empty() ? "" : origins.front().file, 0, 0};
}

// "... in line 17" of the written text.
void move_line(const Imported& imported, std::string& text) {
  constexpr std::string_view before = "in line ";
  const auto at = text.find(before);
  if (at == text.npos) return;
  const auto digits = at + before.size();
  const auto end = std::min(text.find_first_not_of("0123456789", digits), text.size());
  std::uint32_t line = 0;
  std::from_chars(text.data() + digits, text.data() + end, line);
  text.replace(digits, end - digits, std::to_string(origin(imported, {"", line, 0}).line));
}

// What was written must load: what the importer let pass, the loader finds.
void check_result(Imported& imported) {
  const auto loaded =
      config::load_text(imported.toml, "(imported)", [](std::string_view) { return std::nullopt; });
  for (config::Problem problem : loaded.problems) {
    if (problem.severity != config::Severity::error) continue;
    problem.where = origin(imported, problem.where);
    move_line(imported, problem.what);
    imported.problems.push_back(std::move(problem));
  }
  if (!loaded.config) imported.toml.clear();
}

// Names and addresses that can be taken only once, over all files.
class Owners {
 public:
  explicit Owners(config::Complaints& complaints) : complaints_(complaints) {}

  void add(const NutcrackerPool& pool, const ImportedPool& imported) {
    take(names_, imported.name, pool.where, fmt::format("pool '{}' is there twice", imported.name),
         "give each its own name; what a name may not hold here is a '-' in it");
    const auto listen = pool.values.find("listen");
    if (listen == pool.values.end()) return;
    take(binds_, imported.bind, listen->second.where,
         fmt::format("two pools listen on {}", listen->second.text), "let each listen elsewhere");
  }

 private:
  using Taken = std::map<std::string, config::Place>;

  void take(Taken& taken, const std::string& what, const config::Place& where,
            const std::string& twice, const std::string& remedy) {
    const auto [first, fresh] = taken.emplace(what, where);
    if (fresh) return;
    complaints_.error(
        where, fmt::format("{}, first in {}:{}", twice, first->second.file, first->second.line),
        remedy);
  }

  config::Complaints& complaints_;
  Taken names_;
  Taken binds_;
};

bool is_yaml(std::string_view path) {
  return path.ends_with(".yml") || path.ends_with(".yaml");
}

std::optional<NutcrackerFile> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return std::nullopt;
  return NutcrackerFile{path, text.str()};
}

config::Problem unreadable(const std::string& path) {
  return {{path, 0, 0},
          "cannot read it, or it is empty",
          "name a file of twemproxy that is there and may be read",
          config::Severity::error};
}

}  // namespace

Imported import_nutcracker(const std::vector<NutcrackerFile>& files) {
  config::Complaints complaints;
  Owners owners(complaints);
  std::vector<std::string> names;
  PlacedText toml;
  for (const NutcrackerFile& file : files) {
    names.push_back(file.name);
    toml.add(fmt::format("{}# From {}.\n", toml.text().empty() ? "" : "\n", file.name),
             {file.name, 0, 0});
    for (const auto& pool : read_nutcracker(file.text, file.name, complaints)) {
      const ImportedPool one = import_pool(pool, complaints);
      toml.add(one.toml);
      owners.add(pool, one);
    }
  }
  Imported imported{toml.text(), complaints.in_order(names), toml.places()};
  if (complaints.any_error()) {
    imported.toml.clear();
  } else {
    check_result(imported);
  }
  return imported;
}

int import(const std::vector<std::string>& paths, Streams streams) {
  std::vector<NutcrackerFile> files;
  for (const std::string& path : paths) {
    auto file = read(path);
    if (!file) {
      streams.err << text(unreadable(path)) << "\n";
      return exit_error;
    }
    files.push_back(std::move(*file));
  }
  const Imported imported = import_nutcracker(files);
  for (const config::Problem& problem : imported.problems) streams.err << text(problem) << "\n";
  streams.out << imported.toml;
  return imported.toml.empty() ? exit_error : exit_ok;
}

config::Loaded load_any(const std::string& path) {
  if (!is_yaml(path)) return config::load_file(path, config::process_environment());
  const auto file = read(path);
  if (!file) return {std::nullopt, {unreadable(path)}};
  const Imported imported = import_nutcracker({*file});
  if (imported.toml.empty()) return {std::nullopt, imported.problems};
  auto loaded = config::load_text(imported.toml, path, config::process_environment());
  for (config::Problem& problem : loaded.problems) problem.where = origin(imported, problem.where);
  std::ranges::copy(imported.problems, std::back_inserter(loaded.problems));
  if (!loaded.config) return loaded;
  config::Config& config = *loaded.config;
  const auto place = [&](auto& thing) { thing.where = origin(imported, thing.where); };
  std::ranges::for_each(config.listeners, place);
  for (config::Pool& pool : config.pools) {
    place(pool);
    std::ranges::for_each(pool.servers, place);
  }
  return loaded;
}

}  // namespace ringway::cli
