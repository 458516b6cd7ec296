// The blocks by name, and what readers make of them. The lock guards the maps, never
// a counter: workers look a block up once and count in it without asking again.
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

struct ProcessValue {
  Kind kind;
  std::string help;
  double value;
};

// Blocks of one kind: by name first, so that a name's blocks of all workers are neighbours.
using WorkerBlocks = std::map<std::uint32_t, std::unique_ptr<WorkerCounters>>;
using PoolKey = std::pair<std::string, std::uint32_t>;
using PoolBlocks = std::map<PoolKey, std::unique_ptr<PoolCounters>>;
using ServerKey = std::tuple<std::string, std::string, std::uint32_t>;
using ServerBlocks = std::map<ServerKey, std::unique_ptr<ServerCounters>>;

template <typename Blocks, typename Key>
auto& found_or_made(Blocks& blocks, Key key) {
  auto& block = blocks[std::move(key)];
  if (!block) block = std::make_unique<typename Blocks::mapped_type::element_type>();
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
const Counters& block_of(const std::unique_ptr<Counters>& block) {
  return *block;
}
template <typename Metric>
const Block<Metric>& block_of(const Block<Metric>& block) {
  return block;
}

MetricFamily family(std::string name, std::string help, Kind kind) {
  const auto type =
      kind == Kind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  return {std::move(name), std::move(help), type, {}};
}

void add_to(ClientMetric& series, Kind kind, double value) {
  (kind == Kind::counter ? series.counter.value : series.gauge.value) += value;
}

void add_to_series(MetricFamily& family, Kind kind, const Labels& labels, std::uint64_t value) {
  if (family.metric.empty() || family.metric.back().label != labels) {
    family.metric.emplace_back().label = labels;
  }
  add_to(family.metric.back(), kind, static_cast<double>(value));
}

// One family per row; blocks with the same labels follow each other and become one series.
template <typename Blocks>
void expose(Families& families, std::span<const MetricRow> rows, const Blocks& blocks) {
  if (blocks.empty()) return;
  using Metric = typename std::remove_cvref_t<decltype(block_of(blocks.begin()->second))>::Name;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto& [kind, name, help] = rows[row];
    MetricFamily& made =
        families.emplace_back(family("ringway_" + std::string(name), std::string(help), kind));
    for (const auto& [key, block] : blocks) {
      add_to_series(made, kind, labels_of(key), block_of(block)[static_cast<Metric>(row)].value());
    }
  }
}

void expose_build(Families& families) {
  MetricFamily& made =
      families.emplace_back(family("ringway_build_info", "Which ringway this is.", Kind::gauge));
  add_to_series(made, Kind::gauge, {{"version", RINGWAY_VERSION}}, 1);
}

void expose_process(Families& families, const std::map<std::string, ProcessValue>& values) {
  for (const auto& [name, process] : values) {
    MetricFamily& made = families.emplace_back(family(name, process.help, process.kind));
    add_to(made.metric.emplace_back(), process.kind, process.value);
  }
}

}  // namespace

struct Registry::State {
  mutable std::mutex mutex;
  WorkerBlocks workers;
  PoolBlocks pools;
  ServerBlocks servers;
  std::map<std::string, ProcessValue> process;
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
  std::erase_if(state_->servers, [&](const auto& block) {
    return std::get<0>(block.first) == pool && std::get<1>(block.first) == server;
  });
}

void Registry::set_process(const std::string& name, Kind kind, const std::string& help,
                           double value) {
  const std::lock_guard lock(state_->mutex);
  const std::string full = name.starts_with("process_") ? name : "ringway_" + name;
  state_->process.insert_or_assign(full, ProcessValue{kind, help, value});
}

std::string Registry::exposition(const BoardFigures& figures) const {
  Families families;
  {
    const std::lock_guard lock(state_->mutex);
    expose_build(families);
    expose_process(families, state_->process);
    expose(families, worker_metrics(), state_->workers);
    expose(families, pool_metrics(), state_->pools);
    expose(families, server_metrics(), state_->servers);
    expose(families, board_metrics(), figures);
  }
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
