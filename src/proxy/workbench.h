// What the parts of one worker work with: its Io, its memory, its timers, its
// counters, and how ringway behaves at this moment. One per worker, used by its
// thread alone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "ringway/metrics/counters.h"
#include "ringway/route/pool_live.h"
#include "ringway/snapshot/snapshot.h"

#include "log/rate_limit.h"
#include "net/buffer_pool.h"
#include "net/io.h"
#include "net/timer_wheel.h"
#include "proxy/board.h"
#include "proxy/health_sink.h"
#include "proxy/retry_budget.h"

namespace ringway::proxy {

// What each listener has to do with, of all workers together.
inline constexpr std::uint32_t listeners_max = 1024;
struct ListenerLoad {
  std::atomic<std::uint32_t> clients{0};   // From being accepted to being freed.
  std::atomic<std::uint32_t> admitted{0};  // Those among them that clients_max counts.
};
struct ListenerLoads {
  ListenerLoad& operator[](snapshot::ListenerId id) { return each[id]; }
  const ListenerLoad& operator[](snapshot::ListenerId id) const { return each[id]; }

  std::array<ListenerLoad, listeners_max> each{};
  std::atomic<std::uint32_t> admitted{0};  // By all of them: what files allow is shared.
  log::SharedRateLimit lines{1};           // Of the log, about what clients were refused.
};

struct Workbench {
  Workbench(std::uint32_t number, net::Io& its_io, Board& shared_board, metrics::Registry& shared,
            ListenerLoads& shared_loads, Homes& all_homes)
      : worker(number),
        io(its_io),
        board(shared_board),
        registry(shared),
        loads(shared_loads),
        homes(all_homes),
        counters(shared.worker(number)),
        timers(its_io.now()),
        now(its_io.now()),
        begun(now) {}

  metrics::Counter& count(metrics::WorkerMetric metric) { return counters[metric]; }

  // More is lent than this worker's part of memory_max.
  bool memory_short() const { return buffers.lent_bytes() > memory_share; }
  // An eighth more is for those who hold little of it.
  bool memory_spent(std::uint64_t bytes) const {
    return memory_short() && buffers.lent_bytes() + bytes > memory_share + memory_share / 8;
  }

  const std::uint32_t worker;
  net::Io& io;
  Board& board;
  metrics::Registry& registry;
  ListenerLoads& loads;  // By ListenerId.
  Homes& homes;
  metrics::WorkerCounters& counters;
  net::BufferPool buffers;
  net::TimerWheel timers;
  Instant now;  // Io::now(), constant within a turn: asked for many times in each.
  const Instant begun;
  const snapshot::Snapshot* snapshot = nullptr;       // Constant within a turn.
  std::vector<const snapshot::Listener*> listeners;   // Of it, by ListenerId.
  std::vector<metrics::PoolCounters*> pool_counters;  // By pool number.
  std::uint64_t memory_share = ~std::uint64_t{0};     // Bytes.
  std::vector<RetryBudget> retry_budgets;             // By pool number.
  std::vector<route::PoolLive> live;                  // By pool number; constant within a turn.
};

}  // namespace ringway::proxy
