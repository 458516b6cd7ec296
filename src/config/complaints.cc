// See complaints.h and problem.h. The order is that of files as they were read,
// then of lines and columns; what concerns a file as a whole comes first.
#include "config/complaints.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "ringway/base/plain_text.h"

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

std::size_t Complaints::errors() const {
  return static_cast<std::size_t>(
      std::ranges::count(problems_, Severity::error, &Problem::severity));
}

void Complaints::take(const Complaints& others) {
  for (const Problem& problem : others.problems_) add(problem);
}

Problems Complaints::in_order(const std::vector<std::string>& files) const {
  Problems sorted = problems_;
  sort_by_place(files, sorted);
  return sorted;
}

void sort_by_place(const std::vector<std::string>& files, Problems& problems) {
  std::ranges::stable_sort(problems, {}, [&](const Problem& problem) {
    const auto file = std::ranges::find(files, problem.where.file) - files.begin();
    return std::tuple(file, problem.where.line, problem.where.column);
  });
}

namespace {

std::string text_of(const Place& where) {
  if (where.line == 0) return visible(where.file);
  return fmt::format("{}:{}:{}", visible(where.file), where.line, where.column);
}

}  // namespace

std::string text(const Problem& problem) {
  const bool error = problem.severity == Severity::error;
  const std::string hint = problem.hint.empty() ? "" : "\n  " + visible(problem.hint);
  return fmt::format("{}: {}: {}{}", text_of(problem.where), error ? "error" : "warning",
                     visible(problem.what), hint);
}

std::string line(const Problem& problem) {
  const std::string hint = problem.hint.empty() ? "" : "; " + visible(problem.hint);
  return fmt::format("{}: {}{}", text_of(problem.where), visible(problem.what), hint);
}

bool any_error(const Problems& problems) {
  return std::ranges::any_of(
      problems, [](const Problem& problem) { return problem.severity == Severity::error; });
}

}  // namespace ringway::config
