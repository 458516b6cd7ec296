#include "bench/load/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <unistd.h>

#include "bench/common/sockets.h"

namespace ringway::bench {
namespace {

void add_shape_options(CLI::App& app, Options& options, std::string& value) {
  app.add_option("--server", options.server, "host:port or unix:/path")->required();
  app.add_option("--connections", options.connections, "how many to open")
      ->check(CLI::Range(1U, 1U << 20));
  app.add_option("--active", options.active, "how many of them ask (default: all)");
  app.add_option("--pipeline", options.pipeline,
                 "requests sent together on one connection; in the open loop: at most in flight")
      ->check(CLI::Range(1U, 4096U));
  app.add_option("--multiget", options.multiget, "keys of one get")->check(CLI::Range(1U, 10000U));
  app.add_option("--get-ratio", options.get_ratio, "gets among the requests, the rest are sets")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--keys", options.keys, "how many different keys")
      ->check(CLI::Range(1U, 1U << 28));
  app.add_option("--key-bytes", options.key_bytes, "length of a key")->check(CLI::Range(1U, 250U));
  app.add_option("--key-prefix", options.key_prefix, "what keys begin with");
  app.add_option("--value", value, "bytes of a value, MIN-MAX");
  app.add_option("--zipf", options.zipf, "exponent of the popularity of keys; 0 is uniform")
      ->check(CLI::Range(0.0, 10.0));
}

void add_run_options(CLI::App& app, Options& options) {
  app.add_option("--duration", options.duration_s, "seconds");
  app.add_option("--requests", options.requests, "stop after so many, however long it takes");
  app.add_option("--rate", options.rate,
                 "open loop: so many requests per second at random (Poisson) times; latency counts "
                 "from the time each was due");
  app.add_option("--seed", options.seed, "of everything random");
  app.add_option("--warmup", options.warmup_s, "seconds of load before anything is counted");
  app.add_flag("--fill", options.fill, "store every key first, so that gets hit");
  app.add_option("--reconnect-every", options.reconnect_every,
                 "close and reopen a connection after so many requests");
  app.add_option("--drain", options.drain_s,
                 "seconds without any reply after which what is owed is missing");
  app.add_flag("--tolerate-errors", options.tolerate_errors, "SERVER_ERROR is counted, no failure");
  app.add_flag("--tolerate-misses", options.tolerate_misses, "a miss is counted, no failure");
  app.add_flag("--tolerate-closes", options.tolerate_closes,
               "a connection closed by the server, and what was lost by it, is no failure");
  app.add_flag("--on-command", options.on_command,
               "connect, then read \"burst SECONDS\" lines and answer each with a line of JSON");
  app.add_flag("--progress", options.progress, "a line each second, also without a terminal");
  app.add_option("--json", options.json, "write the result there");
  app.add_option("--cpu", options.core, "the core to run on");
}

// What CLI11 cannot see: options that must agree with each other.
std::string disagreement(Options& options, const std::string& value) {
  if (!parse_size_range(value, options.value_min, options.value_max)) {
    return "--value wants MIN-MAX, for instance 32-1024";
  }
  if (options.active == 0) options.active = options.connections;
  if (options.active > options.connections) return "--active is more than --connections";
  if (options.multiget > options.keys) return "--multiget is more than --keys";
  const std::size_t digits = std::to_string(options.keys - 1).size();
  if (options.key_prefix.size() + digits > options.key_bytes) {
    return "--key-bytes is too small for the prefix and a number below --keys";
  }
  return {};
}

}  // namespace

int parse_options(int argc, char** argv, Options& options) {
  CLI::App app{
      "Loads a memcached server or router and verifies every reply.\n"
      "Exit status: 0 all right, 1 a reply was wrong or missing, 2 could not run."};
  app.option_defaults()->always_capture_default();
  std::string value = "32-1024";
  add_shape_options(app, options, value);
  add_run_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.progress |= isatty(STDERR_FILENO) != 0 && !options.on_command;
  const std::string problem = disagreement(options, value);
  if (problem.empty()) return -1;
  std::fprintf(stderr, "bench_load: %s\n", problem.c_str());
  return 2;
}

}  // namespace ringway::bench
