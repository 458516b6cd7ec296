// Writes the documentation of the metrics from their table, so that the two
// cannot drift: a test compares the result with README.md in this folder.
#include "ringway/metrics/table.h"

namespace ringway::metrics {
namespace {

constexpr std::string_view head =
    "# Metrics\n\n"
    "`GET /metrics` on the `[metrics]` address answers in Prometheus' text format. Times are in\n"
    "seconds, sizes in bytes; a counter ends in `_total` and only rises while ringway runs: a "
    "reload\n"
    "resets nothing. This page is written from the table in `include/ringway/metrics/table.h`; a "
    "new\n"
    "metric is a line there and the place that counts it. `RINGWAY_WRITE_DOCS=1 unit_metrics` "
    "writes\n"
    "the page anew.\n\n"
    "Besides these there are `ringway_build_info{version}`, always 1, and "
    "`process_start_time_seconds`,\n"
    "when the process started, since 1970.\n";

void write_section(std::string& page, std::string_view title, std::string_view labels,
                   std::span<const MetricRow> rows) {
  page.append("\n## ").append(title).append("\n\nLabels: ").append(labels).append(".\n\n");
  page.append("| name | kind | meaning |\n|---|---|---|\n");
  for (const MetricRow& row : rows) {
    page.append("| `ringway_").append(row.name);
    if (!row.label.empty()) {
      page.append("{").append(row.label).append("=\"").append(row.label_value).append("\"}");
    }
    page.append("` | ").append(row.kind == Kind::gauge ? "gauge" : "counter");
    page.append(" | ").append(row.help).append(" |\n");
  }
}

}  // namespace

std::string metrics_markdown() {
  std::string page(head);
  write_section(page, "Of the process", "as written", process_metrics());
  write_section(page, "Of a worker", "`worker`, its number", worker_metrics());
  write_section(page, "Of a pool", "`pool`; summed over workers", pool_metrics());
  write_section(page, "Of a server", "`pool` and `server`, the server's name; summed over workers",
                server_metrics());
  write_section(page, "Of a server, for all workers", "`pool` and `server`", board_metrics());
  return page;
}

}  // namespace ringway::metrics
