// What a route's decision costs: from a key to the server that its plan names, hash and
// lookup included, for pools of 3 to 1,000 servers.
//
//   build/bench/micro/bench_plan
#include <benchmark/benchmark.h>
#include <optional>
#include <string>
#include <vector>

#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway {
namespace {

std::unique_ptr<snapshot::Snapshot> one_pool(std::int64_t servers, const std::string& settings) {
  std::string text = "[listener.bench]\nbind = \"127.0.0.1:1\"\nroute = \"bench\"\n[pool.bench]\n" +
                     settings + "servers = [";
  for (std::int64_t i = 0; i < servers; ++i) {
    text += "\"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + ":11211\", ";
  }
  const auto unset = [](std::string_view) { return std::nullopt; };
  config::Loaded loaded = config::load_text(text + "]\n", "bench", unset);
  std::uint32_t next = 0;
  return snapshot::build(std::move(loaded.config.value()), 1,
                         {.server = [&next](const auto&) { return pool::ServerId{next++}; },
                          .listener = [](const std::string&) { return snapshot::ListenerId{0}; }});
}

std::vector<std::string> many_keys() {
  std::vector<std::string> keys;
  for (int i = 0; i < 4096; ++i) keys.push_back("key:" + std::to_string(1'000'000 + i) + ":value");
  return keys;
}

void plan(benchmark::State& state, const std::string& settings, bool one_out) {
  const auto snapshot = one_pool(state.range(0), settings);

  std::vector<route::PoolLive> live{route::PoolLive(static_cast<std::uint32_t>(state.range(0)))};
  if (one_out) {
    live[0].live.set(0, false);
    live[0].all_up = false;
  }
  const auto keys = many_keys();
  const route::Route& route = *snapshot->listeners[0].route;
  route::Plan plan;
  std::size_t i = 0;
  for (auto _ : state) {
    plan.clear();
    route.plan({.key = keys[i++ & 4095], .chance = i}, live, plan);
    benchmark::DoNotOptimize(plan.parts().data());
  }
  if (!plan.single()) state.SkipWithError("not a plan of one ask");
}

constexpr auto sizes = [](auto* bench) { bench->Arg(3)->Arg(10)->Arg(100)->Arg(1000); };
const std::string by_default;
const std::string as_twemproxy = "hash = \"fnv1a_64\"\ndistribution = \"ketama\"\n";
const std::string tagged = "hash_tag = \"::\"\n";

BENCHMARK_CAPTURE(plan, default, by_default, false)->Apply(sizes);
BENCHMARK_CAPTURE(plan, default_with_one_out, by_default, true)->Apply(sizes);
BENCHMARK_CAPTURE(plan, fnv1a_64_ketama, as_twemproxy, false)->Apply(sizes);
BENCHMARK_CAPTURE(plan, hash_tag, tagged, false)->Apply(sizes);

}  // namespace
}  // namespace ringway

BENCHMARK_MAIN();
