// The blocks by name, and what readers make of them. The lock guards the maps, never
// a counter: workers look a block up once and count in it without asking again. A worker
// that adopts a snapshot looks up thousands: who exposes them holds the lock for a few
// blocks at a time, and steps back for whoever wants it.
#include <atomic>
#include <map>
#include <mutex>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <tuple>
#include <utility>
#include <vector>

#include "ringway/metrics/counters.h"

namespace ringway::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

using ProcessValues = std::map<ProcessMetric, double>;

// Blocks of one kind: by name first, so that a name's blocks of all workers are neighbours.
// Shared with whoever is exposing them while they are forgotten.
using WorkerBlocks = std::map<std::uint32_t, std::shared_ptr<WorkerCounters>>;
using PoolKey = std::pair<std::string, std::uint32_t>;
using PoolBlocks = std::map<PoolKey, std::shared_ptr<PoolCounters>>;
using ServerKey = std::tuple<std::string, std::string, std::uint32_t>;
using ServerBlocks = std::map<ServerKey, std::shared_ptr<ServerCounters>>;

template <typename Blocks, typename Key>
auto& found_or_made(Blocks& blocks, Key key) {
  auto& block = blocks[std::move(key)];
  if (!block) block = std::make_shared<typename Blocks::mapped_type::element_type>();
  return *block;
}

Labels labels_of(std::uint32_t worker) {
  return {{"worker", std::to_string(worker)}};
}
Labels labels_of(const PoolKey& key) {
  return {{"pool", key.first}};
}
Labels labels_of(const ServerKey& key) {
  return {{"pool", std::get<0>(key)}, {"server", std::get<1>(key)}};
}

Labels labels_of(const BoardFigures::key_type& key) {
  return {{"pool", key.first}, {"server", key.second}};
}

template <typename Counters>
const Counters& block_of(const std::shared_ptr<Counters>& block) {
  return *block;
}
template <typename Metric>
const Block<Metric>& block_of(const Block<Metric>& block) {
  return block;
}

MetricFamily family(std::string name, std::string help, Kind kind) {
  const auto type =
      kind == Kind::gauge ? prometheus::MetricType::Gauge : prometheus::MetricType::Counter;
  return {std::move(name), std::move(help), type, {}};
}

void add_to(ClientMetric& series, Kind kind, double value) {
  if (kind == Kind::elapsed) value /= 1e6;
  (kind == Kind::gauge ? series.gauge.value : series.counter.value) += value;
}

void add_to_series(MetricFamily& family, Kind kind, const Labels& labels, std::uint64_t value) {
  if (family.metric.empty() || family.metric.back().label != labels) {
    family.metric.emplace_back().label = labels;
  }
  add_to(family.metric.back(), kind, static_cast<double>(value));
}

// Rows of one name follow each other; the first one's help is that of all.
MetricFamily& family_of(Families& families, const MetricRow& row) {
  std::string name = "ringway_" + std::string(row.name);
  if (!families.empty() && families.back().name == name) return families.back();
  return families.emplace_back(family(std::move(name), std::string(row.help), row.kind));
}

Labels with_label(Labels labels, const MetricRow& row) {
  if (!row.label.empty()) labels.push_back({std::string(row.label), std::string(row.label_value)});
  return labels;
}

// One family per name; blocks with the same labels follow each other and become one series.
template <typename Blocks>
void expose(Families& families, std::span<const MetricRow> rows, const Blocks& blocks) {
  if (blocks.empty()) return;
  using Metric = typename std::remove_cvref_t<decltype(block_of(blocks.begin()->second))>::Name;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    MetricFamily& made = family_of(families, rows[row]);
    for (const auto& [key, block] : blocks) {
      add_to_series(made, rows[row].kind, with_label(labels_of(key), rows[row]),
                    block_of(block)[static_cast<Metric>(row)].value());
    }
  }
}

void expose_build(Families& families) {
  MetricFamily& made =
      families.emplace_back(family("ringway_build_info", "Which ringway this is.", Kind::gauge));
  add_to_series(made, Kind::gauge, {{"version", RINGWAY_VERSION}}, 1);
}

void expose_start(Families& families, double at) {
  MetricFamily& made = families.emplace_back(
      family("process_start_time_seconds", "When the process started, in seconds since 1970.",
             Kind::gauge));
  add_to(made.metric.emplace_back(), Kind::gauge, at);
}

void expose_process(Families& families, const ProcessValues& values) {
  for (const auto& [metric, value] : values) {
    const MetricRow& row = process_metrics()[static_cast<std::size_t>(metric)];
    ClientMetric& series = family_of(families, row).metric.emplace_back();
    series.label = with_label({}, row);
    add_to(series, row.kind, value);
  }
}

// A mutex that is left to others first by those who lock it again and again: it is not fair,
// and they would have it back before anybody else has woken up.
class Gate {
 public:
  void lock() {
    wanted_.fetch_add(1);
    mutex_.lock();
    wanted_.fetch_sub(1);
    wanted_.notify_all();
  }
  void unlock() { mutex_.unlock(); }
  void let_others_in() const {
    const int wanted = wanted_.load();
    if (wanted > 0) wanted_.wait(wanted);
  }

 private:
  std::mutex mutex_;
  std::atomic<int> wanted_{0};
};

constexpr std::size_t copied_at_once_max = 64;  // Blocks: some ten microseconds.

// The blocks as they are on the way; those that come meanwhile may be missing.
template <typename Blocks>
auto copied(const Blocks& blocks, Gate& gate) {
  std::vector<std::pair<typename Blocks::key_type, typename Blocks::mapped_type>> all;
  while (true) {
    // Not while others wait.
    if (all.capacity() - all.size() < copied_at_once_max) {
      all.reserve(2 * all.size() + copied_at_once_max);
    }
    gate.let_others_in();
    const std::lock_guard lock(gate);
    auto at = all.empty() ? blocks.begin() : blocks.upper_bound(all.back().first);
    for (std::size_t n = 0; n < copied_at_once_max; ++n, ++at) {
      if (at == blocks.end()) return all;
      all.emplace_back(at->first, at->second);
    }
  }
}

}  // namespace

struct Registry::State {
  mutable Gate mutex;
  WorkerBlocks workers;
  PoolBlocks pools;
  ServerBlocks servers;
  ProcessValues process;
  double started_at = 0;  // 0: nobody said.
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

WorkerCounters& Registry::worker(std::uint32_t worker) {
  const std::lock_guard lock(state_->mutex);
  return found_or_made(state_->workers, worker);
}

PoolCounters& Registry::pool(std::uint32_t worker, const std::string& pool) {
  const std::lock_guard lock(state_->mutex);
  return found_or_made(state_->pools, PoolKey(pool, worker));
}

ServerCounters& Registry::server(std::uint32_t worker, const std::string& pool,
                                 const std::string& server) {
  const std::lock_guard lock(state_->mutex);
  return found_or_made(state_->servers, ServerKey(pool, server, worker));
}

void Registry::forget(const std::string& pool, const std::string& server) {
  const std::lock_guard lock(state_->mutex);
  if (server.empty()) {
    std::erase_if(state_->pools, [&](const auto& block) { return block.first.first == pool; });
    return;
  }
  const auto first = state_->servers.lower_bound({pool, server, 0});
  auto end = first;
  const auto of_server = [&](const ServerKey& key) {
    return std::get<0>(key) == pool && std::get<1>(key) == server;
  };
  while (end != state_->servers.end() && of_server(end->first)) ++end;
  state_->servers.erase(first, end);
}

void Registry::set_process(ProcessMetric metric, double value) {
  const std::lock_guard lock(state_->mutex);
  state_->process[metric] = value;
}

void Registry::set_start_time(double at) {
  const std::lock_guard lock(state_->mutex);
  state_->started_at = at;
}

std::string Registry::exposition(const BoardFigures& figures) const {
  Families families;
  expose_build(families);
  {
    const std::lock_guard lock(state_->mutex);
    expose_process(families, state_->process);
    if (state_->started_at > 0) expose_start(families, state_->started_at);
  }
  expose(families, worker_metrics(), copied(state_->workers, state_->mutex));
  expose(families, pool_metrics(), copied(state_->pools, state_->mutex));
  expose(families, server_metrics(), copied(state_->servers, state_->mutex));
  expose(families, board_metrics(), figures);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

std::uint64_t Registry::total(WorkerMetric metric) const {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t sum = 0;
  for (const auto& [worker, block] : state_->workers) sum += (*block)[metric].value();
  return sum;
}

std::uint64_t Registry::total(const std::string& pool, PoolMetric metric) const {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t sum = 0;
  for (auto at = state_->pools.lower_bound({pool, 0});
       at != state_->pools.end() && at->first.first == pool; ++at) {
    sum += (*at->second)[metric].value();
  }
  return sum;
}

std::uint64_t Registry::total(const std::string& pool, const std::string& server,
                              ServerMetric metric) const {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t sum = 0;
  for (auto at = state_->servers.lower_bound({pool, server, 0}); at != state_->servers.end();
       ++at) {
    if (std::get<0>(at->first) != pool || std::get<1>(at->first) != server) break;
    sum += (*at->second)[metric].value();
  }
  return sum;
}

}  // namespace ringway::metrics
