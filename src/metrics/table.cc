// The lists of table.h as rows, in the order of their enumerators: a metric's enumerator
// is the index of its row.
#include "ringway/metrics/table.h"

#include <array>

namespace ringway::metrics {
namespace {

// `name` may end in {label="value"}.
constexpr MetricRow row_of(Kind kind, std::string_view name, std::string_view help) {
  const auto brace = name.find('{');
  if (brace == name.npos) return {kind, name, help};
  const auto quote = name.find("=\"");
  const auto value_at = quote + 2;
  return {kind, name.substr(0, brace), help, name.substr(brace + 1, quote - brace - 1),
          name.substr(value_at, name.size() - value_at - 2)};
}

#define RINGWAY_METRIC_ROW(id, kind, name, help) row_of(Kind::kind, name, help),
constexpr std::array worker_rows = {RINGWAY_WORKER_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array pool_rows = {RINGWAY_POOL_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array server_rows = {RINGWAY_SERVER_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array board_rows = {RINGWAY_BOARD_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array process_rows = {RINGWAY_PROCESS_METRICS(RINGWAY_METRIC_ROW)};
#undef RINGWAY_METRIC_ROW

}  // namespace

std::span<const MetricRow> worker_metrics() {
  return worker_rows;
}
std::span<const MetricRow> pool_metrics() {
  return pool_rows;
}
std::span<const MetricRow> server_metrics() {
  return server_rows;
}
std::span<const MetricRow> board_metrics() {
  return board_rows;
}
std::span<const MetricRow> process_metrics() {
  return process_rows;
}

}  // namespace ringway::metrics
