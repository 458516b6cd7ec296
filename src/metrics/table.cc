// The lists of table.h as rows, in the order of their enumerators: a metric's enumerator
// is the index of its row.
#include "ringway/metrics/table.h"

#include <array>

namespace ringway::metrics {
namespace {

#define RINGWAY_METRIC_ROW(id, kind, name, help) MetricRow{Kind::kind, name, help},
constexpr std::array worker_rows = {RINGWAY_WORKER_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array pool_rows = {RINGWAY_POOL_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array server_rows = {RINGWAY_SERVER_METRICS(RINGWAY_METRIC_ROW)};
constexpr std::array board_rows = {RINGWAY_BOARD_METRICS(RINGWAY_METRIC_ROW)};
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

}  // namespace ringway::metrics
