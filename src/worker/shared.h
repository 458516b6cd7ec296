// What the workers of one process share: the board of servers, the counters, and for each of them
// a mailbox and a report.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringway/metrics/counters.h"

#include "board/board.h"
#include "board/home_workers.h"
#include "exchange/worker_parts.h"
#include "worker/mailbox.h"

namespace ringway::worker {

// Written by one worker, read by all; but clients also by worker 0, which deals.
struct WorkerReport {
  std::atomic<std::uint32_t> clients{0};     // Dealt to it and not closed yet.
  std::atomic<std::uint64_t> generation{0};  // Of the snapshot it runs on.
  std::atomic<std::uint32_t> sockets{0};     // Listening ones; added by whoever posts Listen.
  std::atomic<std::uint64_t> listens{0};     // Letters Listen that it obeyed.
  // Servers that this generation does not have are gone here: nothing is in flight to
  // them, and no connection is left.
  std::atomic<std::uint64_t> settled{0};
  // Some request of a client is unanswered. Known once it drains.
  std::atomic<bool> awaiting{true};
  std::atomic<bool> stopped{false};
};

struct Shared {
  // `ios`: one per worker, in order; they outlive this.
  explicit Shared(const std::vector<net::Io*>& ios)
      : homes(ios.size(), [this](std::uint32_t worker, pool::ServerId server) {
          mailboxes[worker]->post(Reconsider{server});
        }) {
    for (net::Io* io : ios) {
      mailboxes.push_back(std::make_unique<Mailbox>(*io));
      reports.push_back(std::make_unique<WorkerReport>());
    }
  }

  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::uint32_t size() const { return static_cast<std::uint32_t>(reports.size()); }
  std::uint32_t clients() const {
    std::uint32_t sum = 0;
    for (const auto& report : reports) sum += report->clients.load(std::memory_order_relaxed);
    return sum;
  }
  bool awaiting() const {
    return std::ranges::any_of(reports, [](const auto& report) { return report->awaiting.load(); });
  }
  void post_all(const Letter& letter) {
    for (const auto& mailbox : mailboxes) mailbox->post(letter);
  }

  const proxy::HomeWorkers homes;
  proxy::Board board;
  metrics::Registry registry;
  proxy::ListenerLoads loads{};  // By ListenerId.
  // Both by worker.
  std::vector<std::unique_ptr<Mailbox>> mailboxes;
  std::vector<std::unique_ptr<WorkerReport>> reports;
};

}  // namespace ringway::worker
