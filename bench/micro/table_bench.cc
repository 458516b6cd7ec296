// What keeping connections, objects and bytes costs: a completion's way from its handle
// to its connection, one more and one less of a kind, one reply through an output.
//
//   build/bench/micro/bench_table
#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <random>
#include <string>
#include <vector>

#include "net/output_buffer.h"
#include "net/slab.h"
#include "net/table.h"

namespace ringway::net {
namespace {

// About as large as a client's connection.
struct Conn {
  explicit Conn(Handle own) : handle(own) {}
  const Handle handle;
  std::array<char, 248> rest{};
};

struct Object {
  std::array<char, 320> bytes;
};

// In random order, as completions come.
void find(benchmark::State& state) {
  Table<Conn> table;
  std::vector<Handle> handles;
  for (std::int64_t i = 0; i < state.range(0); ++i) handles.push_back(table.open().handle);
  std::mt19937 random(1);
  std::ranges::shuffle(handles, random);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.find(handles[i]));
    if (++i == handles.size()) i = 0;
  }
  table.each([&table](Conn& conn) { table.release(conn); });
}

void open_and_release(benchmark::State& state) {
  Table<Conn> table;
  for (auto _ : state) {
    Conn& conn = table.open();
    benchmark::DoNotOptimize(&conn);
    table.release(conn);
  }
}

void make_and_free(benchmark::State& state) {
  Slab<Object> slab;
  for (auto _ : state) {
    Object& object = slab.make();
    benchmark::DoNotOptimize(&object);
    slab.free(object);
  }
}

// Append, hand over, sent: with nothing left the memory goes back to the pool.
void output(benchmark::State& state) {
  BufferPool pool;
  OutputBuffer output;
  const std::string reply(static_cast<std::size_t>(state.range(0)), 'v');
  for (auto _ : state) {
    output.append(pool, reply);
    benchmark::DoNotOptimize(output.begin_send(pool).data());
    output.sent(pool);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(find)->Arg(50)->Arg(1000)->Arg(10000);
BENCHMARK(open_and_release);
BENCHMARK(make_and_free);
BENCHMARK(output)->Arg(64)->Arg(1024)->Arg(16 * 1024)->Arg(100 * 1024);

}  // namespace
}  // namespace ringway::net

BENCHMARK_MAIN();
