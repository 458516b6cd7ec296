// What the counters add up to and how they are shown.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <thread>

#include "ringway/metrics/counters.h"

#include "exposition_reader.h"

namespace ringway::metrics {
namespace {

Exposition shown(const Registry& registry) {
  const std::string text = registry.exposition();
  Exposition read = ExpositionReader::read(text);
  CHECK_MESSAGE(read.problem.empty(), read.problem);
  return read;
}

TEST_CASE("an empty registry says which build it is") {
  CHECK(shown(Registry()).series ==
        std::map<std::string, double>{{"ringway_build_info{version=\"" RINGWAY_VERSION "\"}", 1}});
}

TEST_CASE("every metric of the table is shown once something counts") {
  Registry registry;
  registry.worker(0);
  registry.pool(0, "web");
  registry.server(0, "web", "web1");
  const auto read = shown(registry);
  const std::size_t rows =
      worker_metrics().size() + pool_metrics().size() + server_metrics().size();
  CHECK(read.series.size() == rows + 1);
  CHECK(read.types.at("ringway_requests_total") == "counter");
  CHECK(read.types.at("ringway_client_connections") == "gauge");
}

TEST_CASE("workers have a series each, pools and servers the sum of all workers") {
  Registry registry;
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    registry.worker(worker)[WorkerMetric::keys].add(worker + 1);
    registry.pool(worker, "web")[PoolMetric::requests].add(10);
    registry.server(worker, "web", "web1")[ServerMetric::replies].add(5);
  }
  auto series = shown(registry).series;
  CHECK(series["ringway_keys_total{worker=\"2\"}"] == 3);
  CHECK(series["ringway_pool_requests_total{pool=\"web\"}"] == 30);
  CHECK(series["ringway_server_replies_total{pool=\"web\",server=\"web1\"}"] == 15);
}

TEST_CASE("rows of one name are one family with a series for each label") {
  Registry registry;
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    registry.worker(worker)[WorkerMetric::pauses_own].add(3);
    registry.worker(worker)[WorkerMetric::pauses_memory].add(worker);
  }
  auto series = shown(registry).series;
  CHECK(series["ringway_client_pauses_total{worker=\"1\",reason=\"own\"}"] == 3);
  CHECK(series["ringway_client_pauses_total{worker=\"1\",reason=\"memory\"}"] == 1);
  CHECK(series["ringway_client_pauses_total{worker=\"1\",reason=\"server_queue\"}"] == 0);
}

TEST_CASE("elapsed time is counted in microseconds and shown in seconds, as a counter") {
  Registry registry;
  registry.worker(0)[WorkerMetric::paused_memory].add(1'250'000);
  const auto read = shown(registry);
  CHECK(read.series.at("ringway_client_paused_seconds_total{worker=\"0\",reason=\"memory\"}") ==
        1.25);
  CHECK(read.types.at("ringway_client_paused_seconds_total") == "counter");
}

TEST_CASE("totals add up workers and know nothing of other names") {
  Registry registry;
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    registry.worker(worker)[WorkerMetric::requests].add(7);
    registry.pool(worker, "web")[PoolMetric::no_server].add(2);
    registry.server(worker, "web", "a")[ServerMetric::errors].add(1);
    registry.server(worker, "web", "ab")[ServerMetric::errors].add(100);
  }
  CHECK(registry.total(WorkerMetric::requests) == 14);
  CHECK(registry.total("web", PoolMetric::no_server) == 4);
  CHECK(registry.total("web", "a", ServerMetric::errors) == 2);
  CHECK(registry.total("we", PoolMetric::no_server) == 0);
  CHECK(registry.total("web", "b", ServerMetric::errors) == 0);
}

TEST_CASE("counters are found again by name and keep their values and addresses") {
  Registry registry;
  ServerCounters& before = registry.server(0, "web", "web1");
  before[ServerMetric::requests].add(41);
  for (int i = 0; i < 1000; ++i) registry.server(0, "web", "other" + std::to_string(i));
  ServerCounters& after = registry.server(0, "web", "web1");
  after[ServerMetric::requests].add();
  CHECK(&before == &after);
  CHECK(before[ServerMetric::requests].value() == 42);
}

TEST_CASE("servers of one name in two pools are two servers") {
  Registry registry;
  registry.server(0, "a", "web1")[ServerMetric::requests].add(1);
  registry.server(0, "b", "web1")[ServerMetric::requests].add(2);
  CHECK(registry.total("a", "web1", ServerMetric::requests) == 1);
  CHECK(registry.total("b", "web1", ServerMetric::requests) == 2);
}

TEST_CASE("names with quotes, backslashes and line ends come out as they went in") {
  const std::string name = "a\"b\\c\nd\\n{}=,é";
  Registry registry;
  registry.pool(0, name)[PoolMetric::requests].add(3);
  CHECK(shown(registry).series["ringway_pool_requests_total{pool=\"" + name + "\"}"] == 3);
}

TEST_CASE("a gauge falls as well as it rises") {
  Registry registry;
  Counter& clients = registry.worker(0)[WorkerMetric::clients];
  clients.add(3);
  clients.subtract(2);
  CHECK(shown(registry).series["ringway_client_connections{worker=\"0\"}"] == 1);
}

TEST_CASE("large counters are written in full") {
  Registry registry;
  registry.worker(0)[WorkerMetric::turns].set(9'007'199'254'740'991);
  const std::string text = registry.exposition();
  CHECK(text.find("ringway_worker_turns_total{worker=\"0\"} 9007199254740991\n") != text.npos);
}

TEST_CASE("values of the process are replaced, and standard names keep their form") {
  Registry registry;
  registry.set_process(ProcessMetric::config_reload_failures, 1);
  registry.set_process(ProcessMetric::config_reload_failures, 2);
  registry.set_start_time(1.75e9);
  const auto read = shown(registry);
  CHECK(read.series.at("ringway_config_reload_failures_total") == 2);
  CHECK(read.types.at("ringway_config_reload_failures_total") == "counter");
  CHECK(read.series.at("process_start_time_seconds") == 1.75e9);
  CHECK(read.series.count("ringway_io_fallback") == 0);
}

TEST_CASE("workers are counted by what they stand on") {
  Registry registry;
  registry.set_process(ProcessMetric::workers_uring, 0);
  registry.set_process(ProcessMetric::workers_epoll, 4);
  const auto read = shown(registry);
  CHECK(read.series.at("ringway_workers{engine=\"io_uring\"}") == 0);
  CHECK(read.series.at("ringway_workers{engine=\"epoll\"}") == 4);
}

TEST_CASE("reading while a worker counts sees no torn values") {
  Registry registry;
  std::thread worker([&registry] {
    Counter& requests = registry.worker(0)[WorkerMetric::requests];
    for (int i = 0; i < 20'000; ++i) requests.add();
  });
  std::uint64_t last = 0;
  while (last < 20'000) {
    const std::uint64_t now = registry.total(WorkerMetric::requests);
    REQUIRE(now >= last);
    last = now;
    registry.pool(1, "web");
  }
  worker.join();
  CHECK(last == 20'000);
}

// The longest wait for a block while everything is shown, as a share of that time.
double longest_wait(Registry& registry, int servers) {
  using Clock = std::chrono::steady_clock;
  std::atomic<bool> shown{false};
  const auto begun = Clock::now();
  std::jthread scrape([&] {
    registry.exposition();
    shown = true;
  });
  Clock::duration longest{};
  for (int n = 0; !shown; n = (n + 1) % servers) {
    const auto asked = Clock::now();
    registry.server(0, "web", std::to_string(n));
    longest = std::max(longest, Clock::now() - asked);
  }
  return std::chrono::duration<double>(longest) / (Clock::now() - begun);
}

TEST_CASE("who looks a block up does not wait until everything is shown") {
  constexpr int servers = 5000;
  Registry registry;
  for (int n = 0; n < servers; ++n) registry.server(0, "web", std::to_string(n));
  // The machine may stop one of the two for a moment, but not each time.
  double least = 1;
  for (int n = 0; n < 10 && least > 0.05; ++n) {
    least = std::min(least, longest_wait(registry, servers));
  }
  CHECK(least <= 0.05);
}

TEST_CASE("servers may come and go while everything is shown, and the rest is shown whole") {
  Registry registry;
  for (int n = 0; n < 300; ++n) registry.server(0, "web", std::to_string(n));
  std::atomic<bool> over{false};
  std::jthread reloads([&] {
    while (!over) {
      registry.server(0, "other", "x")[ServerMetric::replies].add();
      registry.forget("other", "x");
    }
  });
  for (int n = 0; n < 20; ++n) {
    const auto read = shown(registry);
    CHECK(read.series.contains("ringway_server_replies_total{pool=\"web\",server=\"299\"}"));
  }
  over = true;
}

}  // namespace
}  // namespace ringway::metrics
