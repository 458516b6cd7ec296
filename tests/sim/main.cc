// Runs seeds: one verbosely, or a block of them. The program behind scripts/sim.
//
//   ringway_sim SEED                 one seed, every event printed
//   ringway_sim --quiet SEED...      seeds, a line each
//   ringway_sim --from A [--count N] [--seconds S]   seeds from A on, until either ends
//   ringway_sim --twice ...          each seed twice; the traces must be equal
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "sim/fail.h"
#include "sim/rig.h"

namespace ringway::sim {
namespace {

struct Options {
  std::vector<std::uint64_t> seeds;
  std::uint64_t from = 0;
  std::uint64_t count = 0;
  double seconds = 0;
  bool twice = false;
  bool quiet = false;
};

Outcome run_seed(std::uint64_t seed, bool text) {
  begin_run(seed);
  Rig rig(seed, text);
  return rig.run();
}

Outcome run_checked(std::uint64_t seed, const Options& options, bool text) {
  const Outcome outcome = run_seed(seed, text);
  if (!options.twice) return outcome;
  const Outcome again = run_seed(seed, false);
  SIM_REQUIRE(outcome.trace_hash == again.trace_hash, "two runs of one seed differ");
  return outcome;
}

void read_seeds(const char* path, std::vector<std::uint64_t>& seeds) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') seeds.push_back(std::strtoull(line.c_str(), nullptr, 10));
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(words[i], name) == 0; };
    const auto next = [&] { return i + 1 < count ? words[++i] : words[i]; };
    if (is("--twice"))
      options.twice = true;
    else if (is("--quiet"))
      options.quiet = true;
    else if (is("--from"))
      options.from = std::strtoull(next(), nullptr, 10);
    else if (is("--count"))
      options.count = std::strtoull(next(), nullptr, 10);
    else if (is("--seconds"))
      options.seconds = std::strtod(next(), nullptr);
    else if (is("--file"))
      read_seeds(next(), options.seeds);
    else
      options.seeds.push_back(std::strtoull(words[i], nullptr, 10));
  }
  return options;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run_block(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Outcome sum;
  std::uint64_t done = 0;
  std::uint64_t reloaded = 0;
  const auto enough = [&] {
    return (options.count > 0 && done >= options.count) ||
           (options.seconds > 0 && seconds_since(start) >= options.seconds);
  };
  for (std::uint64_t seed = options.from; !enough(); ++seed, ++done) {
    const Outcome outcome = run_checked(seed, options, false);
    sum.requests += outcome.requests;
    sum.errors += outcome.errors;
    sum.turns += outcome.turns;
    sum.reloads += outcome.reloads;
    reloaded += outcome.reloads > 0;
  }
  const double seconds = seconds_since(start);
  std::printf(
      "%llu seeds from %llu green in %.1f s (%.0f/s): %llu requests, %llu errors, %llu turns; "
      "%u reloads in %llu of the seeds\n",
      static_cast<unsigned long long>(done), static_cast<unsigned long long>(options.from), seconds,
      static_cast<double>(done) / seconds, static_cast<unsigned long long>(sum.requests),
      static_cast<unsigned long long>(sum.errors), static_cast<unsigned long long>(sum.turns),
      sum.reloads, static_cast<unsigned long long>(reloaded));
}

}  // namespace
}  // namespace ringway::sim

int main(int count, char** words) {
  using namespace ringway::sim;
  const Options options = parse(count, words);
  const bool block = options.count > 0 || options.seconds > 0;
  if (!block && options.seeds.empty()) {
    std::fprintf(stderr, "usage: ringway_sim SEED... | --from A --count N | --seconds S\n");
    return 2;
  }
  const bool text = options.seeds.size() == 1 && !options.quiet;
  for (const std::uint64_t seed : options.seeds) {
    const Outcome outcome = run_checked(seed, options, text);
    std::printf("seed %llu: trace %016llx, %llu requests, %llu errors, %llu turns\n",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(outcome.trace_hash),
                static_cast<unsigned long long>(outcome.requests),
                static_cast<unsigned long long>(outcome.errors),
                static_cast<unsigned long long>(outcome.turns));
  }
  if (block) run_block(options);
  return 0;
}
