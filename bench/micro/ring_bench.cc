// How long it takes to find a key's server, and to build what finds it.
//
//   build/bench/micro/bench_ring --benchmark_filter=pick
//
// Lookups go through 65,536 random hashes, so the table is warm but the branches are
// not: what traffic sees.
#include <benchmark/benchmark.h>
#include <random>
#include <string>
#include <vector>

#include "ringway/ring/key_hash.h"

namespace ringway::ring {
namespace {

std::vector<Member> equal_members(std::int64_t servers) {
  std::vector<Member> members;
  for (std::int64_t i = 0; i < servers; ++i) {
    members.push_back({.name = "cache-" + std::to_string(i), .weight = 1});
  }
  return members;
}

std::vector<KeyHash> random_hashes() {
  std::mt19937_64 random(1);
  std::vector<KeyHash> hashes(1 << 16);
  for (KeyHash& hash : hashes) {
    hash.wide = random();
    hash.narrow = static_cast<std::uint32_t>(hash.wide);
  }
  return hashes;
}

void pick(benchmark::State& state, const char* kind, std::int64_t out) {
  const auto distribution = find(kind)->build(equal_members(state.range(0)));
  LiveSet live(distribution->servers());
  for (std::uint32_t i = 0; i < out; ++i) live.set(i, false);
  const auto hashes = random_hashes();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(distribution->pick(hashes[i++ & 0xffff], live));
  }
}

// Each lookup waits for the one before, so the time is latency, not throughput.
void pick_in_turn(benchmark::State& state, const char* kind) {
  const auto distribution = find(kind)->build(equal_members(state.range(0)));
  const LiveSet live(distribution->servers());
  const auto hashes = random_hashes();
  std::size_t i = 0;
  std::uint32_t last = 0;
  for (auto _ : state) {
    KeyHash hash = hashes[i++ & 0xffff];
    hash.wide ^= last & 1;
    hash.narrow ^= last & 1;
    last = *distribution->pick(hash, live);
  }
  benchmark::DoNotOptimize(last);
}

void build_100_pools(benchmark::State& state, const char* kind) {
  const auto members = equal_members(100);
  for (auto _ : state) {
    std::vector<std::unique_ptr<Distribution>> pools;
    for (int i = 0; i < 100; ++i) pools.push_back(find(kind)->build(members));
    benchmark::DoNotOptimize(pools.data());
  }
}

void build_one_pool(benchmark::State& state, const char* kind) {
  const auto members = equal_members(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(find(kind)->build(members));
}

constexpr auto sizes = [](auto* bench) { bench->Arg(3)->Arg(10)->Arg(100)->Arg(1000); };

BENCHMARK_CAPTURE(pick, ring, "ring", 0)->Apply(sizes);
BENCHMARK_CAPTURE(pick, ring_with_one_out, "ring", 1)->Apply(sizes);
BENCHMARK_CAPTURE(pick, ketama, "ketama", 0)->Apply(sizes);
BENCHMARK_CAPTURE(pick, modula, "modula", 0)->Apply(sizes);
BENCHMARK_CAPTURE(pick, modula_with_one_out, "modula", 1)->Apply(sizes);
BENCHMARK_CAPTURE(pick, random, "random", 0)->Apply(sizes);
BENCHMARK_CAPTURE(pick_in_turn, ring, "ring")->Apply(sizes);
BENCHMARK_CAPTURE(pick_in_turn, ketama, "ketama")->Apply(sizes);
BENCHMARK_CAPTURE(build_100_pools, ring_of_100, "ring")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build_100_pools, ketama_of_100, "ketama")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build_one_pool, ring, "ring")->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build_one_pool, ketama, "ketama")->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ringway::ring

BENCHMARK_MAIN();
