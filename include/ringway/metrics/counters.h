// Counters with one writer, a worker, and any number of readers: plain loads and
// stores on the hot path, no locked instruction. Blocks have stable addresses and
// outlive whoever counts in them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "ringway/metrics/table.h"

namespace ringway::metrics {

class Counter {
 public:
  void add(std::uint64_t n = 1) { set(value() + n); }
  void subtract(std::uint64_t n = 1) { set(value() - n); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A block fills whole cache lines: workers must not slow each other by counting.
template <typename Metric>
class alignas(64) Block {
 public:
  using Name = Metric;

  Counter& operator[](Metric metric) { return counters_[static_cast<std::size_t>(metric)]; }
  const Counter& operator[](Metric metric) const {
    return counters_[static_cast<std::size_t>(metric)];
  }

 private:
  std::array<Counter, static_cast<std::size_t>(Metric::count)> counters_;
};

using WorkerCounters = Block<WorkerMetric>;
using PoolCounters = Block<PoolMetric>;
using ServerCounters = Block<ServerMetric>;
// By pool and server: what nobody counts, but somebody knows when he is asked.
using BoardFigures = std::map<std::pair<std::string, std::string>, Block<BoardMetric>>;

// Who counts what: hands out blocks and reads them all. Blocks are found again by
// name, so counters survive a reload. Any thread; whoever looks a block up waits for no
// exposition, and at most some ten microseconds for a part of one.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  WorkerCounters& worker(std::uint32_t worker);
  PoolCounters& pool(std::uint32_t worker, const std::string& pool);
  ServerCounters& server(std::uint32_t worker, const std::string& pool, const std::string& server);

  // Ends a server's series, or with an empty name a pool's own. Requires: no worker counts
  // there any more.
  void forget(const std::string& pool, const std::string& server);

  // What is not counted by a worker: reloads, the hash of the configuration... Absent until
  // it is set.
  void set_process(ProcessMetric metric, double value);
  // In seconds since 1970.
  void set_start_time(double at);

  // Everything in Prometheus' text format, summed over workers for pools and
  // servers, a series per worker for workers.
  std::string exposition(const BoardFigures& figures = {}) const;

  // Sums over workers, for status and `stats`; 0 for what was never counted.
  std::uint64_t total(WorkerMetric metric) const;
  std::uint64_t total(const std::string& pool, PoolMetric metric) const;
  std::uint64_t total(const std::string& pool, const std::string& server,
                      ServerMetric metric) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringway::metrics
