// The rules that every row of the table keeps, the page written from it, and the
// strictness of the reader that the other tests rely on.
#include "ringway/metrics/table.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "exposition_reader.h"

namespace ringway::metrics {
namespace {

std::vector<MetricRow> all_rows() {
  std::vector<MetricRow> rows;
  for (const auto& part :
       {worker_metrics(), pool_metrics(), server_metrics(), board_metrics(), process_metrics()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

TEST_CASE("a metric has a name of its own, or a label that its neighbours of that name lack") {
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, std::string_view>> labels;
  const std::vector<MetricRow> rows = all_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const MetricRow& row = rows[i];
    CHECK_MESSAGE(labels.insert({row.name, row.label_value}).second, row.name);
    if (names.insert(row.name).second) continue;
    CHECK_MESSAGE(rows[i - 1].name == row.name, row.name);
    CHECK_MESSAGE((!row.label.empty() && rows[i - 1].label == row.label), row.name);
    CHECK_MESSAGE(rows[i - 1].kind == row.kind, row.name);
  }
}

TEST_CASE("counters end in _total and gauges do not") {
  for (const MetricRow& row : all_rows()) {
    CHECK_MESSAGE(row.name.ends_with("_total") == (row.kind != Kind::gauge), row.name);
  }
}

TEST_CASE("names are lower case words and help is one sentence on one line") {
  for (const MetricRow& row : all_rows()) {
    CHECK_MESSAGE(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == row.name.npos,
                  row.name);
    CHECK_MESSAGE(row.label.empty() == row.label_value.empty(), row.name);
    CHECK_MESSAGE(row.help.ends_with('.'), row.name);
    CHECK_MESSAGE(row.help.find_first_of("\n\\|") == row.help.npos, row.name);
  }
}

TEST_CASE("README.md of src/metrics is what the table says") {
  const std::string path = RINGWAY_METRICS_README;
  if (std::getenv("RINGWAY_WRITE_DOCS") != nullptr) std::ofstream(path) << metrics_markdown();
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  CHECK_MESSAGE(page.str() == metrics_markdown(), "RINGWAY_WRITE_DOCS=1 unit_metrics mends it");
}

TEST_CASE("the reader of these tests refuses what is not the format") {
  const std::string head = "# HELP a x\n# TYPE a gauge\n";
  CHECK(ExpositionReader::read(head + "a{b=\"c\"} 1\n").problem.empty());
  for (const char* bad : {"a 1", "a{b=\"c} 1\n", "a{b=\"\\c\"} 1\n", "a{b=\"c\",b=\"d\"} 1\n",
                          "a one\n", "a 1\na 2\n", "b 1\n", "a{} 1\n", "# TYPE a gauge\n"}) {
    CHECK_MESSAGE(!ExpositionReader::read(head + bad).problem.empty(), bad);
  }
}

}  // namespace
}  // namespace ringway::metrics
