// See complaints.h and problem.h. The order is that of files as they were read,
// then of lines and columns; what concerns a file as a whole comes first.
#include "config/complaints.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace ringway::config {

void Complaints::error(const Place& where, std::string what, std::string hint) {
  add({where, std::move(what), std::move(hint), Severity::error});
}

void Complaints::warning(const Place& where, std::string what, std::string hint) {
  add({where, std::move(what), std::move(hint), Severity::warning});
}

void Complaints::add(Problem problem) {
  if (std::ranges::find(problems_, problem) == problems_.end()) {
    problems_.push_back(std::move(problem));
  }
}

Problems Complaints::in_order(const std::vector<std::string>& files) const {
  Problems sorted = problems_;
  std::ranges::stable_sort(sorted, {}, [&](const Problem& problem) {
    const auto file = std::ranges::find(files, problem.where.file) - files.begin();
    return std::tuple(file, problem.where.line, problem.where.column);
  });
  return sorted;
}

std::string text(const Problem& problem) {
  std::string line = problem.where.file;
  if (problem.where.line != 0) {
    line += fmt::format(":{}:{}", problem.where.line, problem.where.column);
  }
  line += problem.severity == Severity::error ? ": error: " : ": warning: ";
  line += problem.what;
  if (!problem.hint.empty()) line += "\n  " + problem.hint;
  return line;
}

bool any_error(const Problems& problems) {
  return std::ranges::any_of(
      problems, [](const Problem& problem) { return problem.severity == Severity::error; });
}

}  // namespace ringway::config
