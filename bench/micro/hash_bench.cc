// The price of each hash function for keys of 8, 32 and 250 bytes.
//
//   build/bench/micro/bench_hash
#include <benchmark/benchmark.h>
#include <string>

#include "ringway/hash/hash.h"

namespace ringway::hash {
namespace {

void hash_key(benchmark::State& state, const HashFunction* function) {
  std::string key(static_cast<std::size_t>(state.range(0)), 'k');
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.data());
    benchmark::DoNotOptimize(function->of(key));
  }
}

void add_all() {
  for (const HashFunction& function : functions()) {
    const std::string name = "hash_key/" + std::string(function.name);
    benchmark::RegisterBenchmark(name.c_str(), hash_key, &function)->Arg(8)->Arg(32)->Arg(250);
  }
}

}  // namespace
}  // namespace ringway::hash

int main(int argc, char** argv) {
  ringway::hash::add_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
