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

#include "board/board.h"
#include "board/home_workers.h"
#include "exchange/memory.h"
#include "exchange/retry_budget.h"
#include "log/rate_limit.h"
#include "net/buffer_pool.h"
#include "net/chance.h"
#include "net/io.h"
#include "net/timer_wheel.h"

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
  // By all of them, for what files allow is shared.
  std::atomic<std::uint32_t> clients{0};
  std::atomic<std::uint32_t> admitted{0};
  log::SharedRateLimit lines{1};  // Of the log, about what clients were refused.
};

// Clients that are told that they are too many: these have descriptors of their own beside
// clients_max, so that servers always get theirs. Each worker leaves the oldest of them no
// more time when there are more than it may keep.
inline constexpr std::uint32_t rejected_kept_max = 16;
constexpr std::uint32_t rejected_kept(std::uint32_t workers) {
  return workers < rejected_kept_max ? rejected_kept_max / workers : 1;
}
constexpr std::uint32_t rejected_max(std::uint32_t workers) {
  return rejected_kept_max + 3 * workers;
}

struct WorkerParts {
  WorkerParts(std::uint32_t number, net::Io& its_io, Board& shared_board, metrics::Registry& shared,
              ListenerLoads& shared_loads, const HomeWorkers& all_homes)
      : worker(number),
        io(its_io),
        board(shared_board),
        registry(shared),
        loads(shared_loads),
        homes(all_homes),
        counters(shared.worker(number)),
        timers(its_io.now()),
        now(its_io.now()),
        begun(now),
        plans_chance(its_io.random()) {}

  metrics::Counter& count(metrics::WorkerMetric metric) { return counters[metric]; }

  const std::uint32_t worker;
  net::Io& io;
  Board& board;
  metrics::Registry& registry;
  ListenerLoads& loads;  // By ListenerId.
  const HomeWorkers& homes;
  metrics::WorkerCounters& counters;
  net::BufferPool buffers;
  Memory memory{buffers};
  net::TimerWheel timers;
  Instant now;  // Io::now(), constant within a turn: asked for many times in each.
  const Instant begun;
  net::Chance plans_chance;                      // How many plans are made moves no other chance.
  const snapshot::Snapshot* snapshot = nullptr;  // Constant within a turn.
  std::vector<metrics::PoolCounters*> pool_counters;  // By pool number.
  std::vector<RetryBudget> retry_budgets;             // By pool number.
  std::vector<route::PoolLive> live;                  // By pool number; constant within a turn.
};

}  // namespace ringway::proxy
