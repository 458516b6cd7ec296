#include "bench/load/report.h"

#include <cstdio>
#include <fmt/format.h>

namespace ringway::bench {
namespace {

std::string quantiles_json(const Histogram& histogram) {
  return fmt::format(
      R"({{"p50": {:.1f}, "p99": {:.1f}, "p999": {:.1f}, "max": {:.1f}, "mean": {:.1f}}})",
      histogram.quantile_us(0.5), histogram.quantile_us(0.99), histogram.quantile_us(0.999),
      histogram.max_us(), histogram.mean_us());
}

void print_quantiles(const char* name, const Histogram& histogram) {
  fmt::print("{:<9} p50 {:.0f}  p99 {:.0f}  p99.9 {:.0f}  max {:.0f} us\n", name,
             histogram.quantile_us(0.5), histogram.quantile_us(0.99), histogram.quantile_us(0.999),
             histogram.max_us());
}

double per_second(const Measured& measured) {
  return static_cast<double>(measured.counts.requests) / measured.seconds;
}

}  // namespace

std::string as_json(const Measured& measured, const Options& options) {
  std::string out =
      fmt::format(R"({{"ok": {}, "seconds": {:.4f}, "requests_per_second": {:.0f})",
                  all_right(measured.counts, options), measured.seconds, per_second(measured));
  for (const CountField& field : count_table) {
    out += fmt::format(R"(, "{}": {})", field.name, measured.counts.*field.member);
  }
  out += R"(, "latency_us": )" + quantiles_json(measured.latency);
  if (options.rate > 0) out += R"(, "lag_us": )" + quantiles_json(measured.lag);
  return out + "}";
}

void print_report(const Measured& measured, const Options& options) {
  const Counts& counts = measured.counts;
  fmt::print("requests  {} in {:.2f} s, {:.0f}/s ({} gets, {} sets, {} hits)\n", counts.requests,
             measured.seconds, per_second(measured), counts.gets, counts.sets, counts.hits);
  print_quantiles("latency", measured.latency);
  if (options.rate > 0) print_quantiles("sent late", measured.lag);
  for (const CountField& field : count_table) {
    if (field.weight == Weight::fact || counts.*field.member == 0) continue;
    fmt::print("{:<9} {} {}\n", is_failure(field, counts, options) ? "WRONG" : "tolerated",
               counts.*field.member, field.name);
  }
  fmt::print("{}\n", all_right(counts, options) ? "all right" : "FAILED");
}

}  // namespace ringway::bench
