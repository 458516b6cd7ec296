// ringway-load: a load generator that verifies every reply. See bench/README.md.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <limits>
#include <string>

#include "bench/common/sockets.h"
#include "bench/load/load.h"
#include "bench/load/options.h"
#include "bench/load/report.h"

namespace {

using namespace ringway::bench;

constexpr std::uint32_t fill_pipeline = 32;
constexpr int failed = 1;
constexpr int could_not_run = 2;

bool fill(Load& load, const KeySet& keys, const Options& options) {
  FillSource source(keys);
  const double forever_s = 3600;
  const Measured& measured =
      load.run({.source = source, .duration_s = forever_s, .pipeline = fill_pipeline});
  const bool right = all_right(measured.counts, options) && measured.counts.sets == keys.size();
  if (!right)
    std::fprintf(stderr, "bench_load: filling went wrong\n%s\n",
                 as_json(measured, options).c_str());
  return right;
}

Phase phase_of(const Options& options, Source& source) {
  return {.source = source,
          .duration_s = options.duration_s,
          .requests = options.requests,
          .pipeline = options.pipeline,
          .rate = options.rate};
}

bool warm_up(Load& load, Source& source, const Options& options) {
  Phase phase = phase_of(options, source);
  phase.duration_s = options.warmup_s;
  phase.requests = 0;
  return all_right(load.run(phase).counts, options);
}

bool write_json(const Measured& measured, const Options& options) {
  if (options.json.empty()) return true;
  std::FILE* const file = std::fopen(options.json.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "bench_load: %s: %s\n", options.json.c_str(), std::strerror(errno));
    return false;
  }
  std::fprintf(file, "%s\n", as_json(measured, options).c_str());
  return std::fclose(file) == 0;
}

// Reads "burst SECONDS" lines until the input ends: a harness that compares
// several programs keeps one generator connected to each.
int serve_commands(Load& load, Source& source, const Options& options) {
  std::puts("ready");
  std::fflush(stdout);
  bool right = true;
  std::string word;
  double seconds = 0;
  while (std::cin >> word >> seconds && word == "burst") {
    Phase phase = phase_of(options, source);
    phase.duration_s = seconds;
    const Measured& measured = load.run(phase);
    right &= all_right(measured.counts, options);
    std::puts(as_json(measured, options).c_str());
    std::fflush(stdout);
  }
  return right ? 0 : failed;
}

int run(const Options& options) {
  const KeySet keys(options.keys, options.key_bytes, options.key_prefix,
                    {.size_min = options.value_min, .size_max = options.value_max});
  const auto protocol = make_memcached_protocol(keys);
  Load load(options, *protocol);
  if (const auto connected = load.connect(); !connected) {
    std::fprintf(stderr, "bench_load: %s\n", connected.error().c_str());
    return could_not_run;
  }
  if (options.fill && !fill(load, keys, options)) return failed;
  MixSource source(keys, options);
  if (options.on_command) return serve_commands(load, source, options);
  const bool warm = options.warmup_s <= 0 || warm_up(load, source, options);
  const Measured& measured = load.run(phase_of(options, source));
  print_report(measured, options);
  if (!write_json(measured, options)) return could_not_run;
  if (!warm) std::puts("FAILED while warming up");
  return warm && all_right(measured.counts, options) ? 0 : failed;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const int status = parse_options(argc, argv, options);
  if (status >= 0) return status;
  raise_file_limit();
  pin_to_core(options.core);
  return run(options);
}
