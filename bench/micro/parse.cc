// The price of parsing and writing requests, and of parsing reply lines.
//
//   build/bench/micro/bench_parse
#include <benchmark/benchmark.h>
#include <string>
#include <vector>

#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {
namespace {

const std::string key(20, 'k');

std::string many_keys(int count) {
  std::string line = "get";
  for (int i = 0; i < count; ++i) line += " " + key;
  return line + "\r\n";
}

const std::string get_one = many_keys(1);
const std::string get_24 = many_keys(24);
const std::string set_500 = "set " + key + " 0 0 500\r\n" + std::string(500, 'v') + "\r\n";
const std::string mg_one = "mg " + key + " v k O1234 q\r\n";
const std::string ms_500 = "ms " + key + " 500 T60 O1234 q\r\n" + std::string(500, 'v') + "\r\n";
const std::string reply_value = "VALUE " + key + " 0 500\r\n";
const std::string reply_stored = "STORED\r\n";

void parse(benchmark::State& state, const std::string& input) {
  const RequestLimits limits;
  ParsedRequest parsed;
  for (auto _ : state) {
    parsed.scanned = 0;
    parse_request(input, limits, parsed);
    benchmark::DoNotOptimize(parsed);
  }
  if (parsed.status != RequestStatus::complete) state.SkipWithError("not a request");
}

void parse_and_write(benchmark::State& state, const std::string& input) {
  const RequestLimits limits;
  ParsedRequest parsed;
  std::vector<char> out(4096);
  for (auto _ : state) {
    parsed.scanned = 0;
    parse_request(input, limits, parsed);
    benchmark::DoNotOptimize(serialize(parsed.request, out.data()));
    benchmark::ClobberMemory();
  }
}

void parse_reply(benchmark::State& state, const std::string& input) {
  ReplyLine line;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_reply_line(input, line));
    benchmark::DoNotOptimize(line);
  }
}

BENCHMARK_CAPTURE(parse, get, get_one);
BENCHMARK_CAPTURE(parse, get_24_keys, get_24);
BENCHMARK_CAPTURE(parse, set_500_bytes, set_500);
BENCHMARK_CAPTURE(parse, mg, mg_one);
BENCHMARK_CAPTURE(parse, ms_500_bytes, ms_500);
BENCHMARK_CAPTURE(parse_and_write, get, get_one);
BENCHMARK_CAPTURE(parse_and_write, set_500_bytes, set_500);
BENCHMARK_CAPTURE(parse_reply, value, reply_value);
BENCHMARK_CAPTURE(parse_reply, stored, reply_stored);

}  // namespace
}  // namespace ringway::proto::memcached

BENCHMARK_MAIN();
