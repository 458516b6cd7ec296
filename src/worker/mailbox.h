// What other threads want of a worker: letters, read once per turn. Posting wakes
// the worker; nothing else ever reaches into it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "net/io.h"

namespace ringway::worker {

// Behave like this from the next turn on. The snapshot lives until the worker
// reports a later generation.
struct Adopt {
  const snapshot::Snapshot* snapshot;
};
// Accept on this socket, for this listener. Worker 0 alone.
struct Listen {
  int fd;
  snapshot::ListenerId listener;
};
// Accept no more on any socket; report when nothing is in flight on them.
struct StopListening {};
// A connection that was accepted for this worker.
struct TakeClient {
  int fd;
  snapshot::ListenerId listener;
};
// Finish every client between its requests, spread over this time.
struct Drain {
  Duration spread;
};
// Something about this server changed: if its pool's home is here, look at it again.
struct Reconsider {
  pool::ServerId server;
};
// The server has another address now.
struct Relocate {
  pool::ServerId server;
};
// End now: retire everything.
struct Stop {};

using Letter =
    std::variant<Adopt, Listen, StopListening, TakeClient, Drain, Reconsider, Relocate, Stop>;

class Mailbox {
 public:
  explicit Mailbox(net::Io& io) : io_(io) {}

  // Any thread.
  void post(Letter letter) {
    {
      const std::lock_guard lock(mutex_);
      letters_.push_back(std::move(letter));
      waiting_.store(true, std::memory_order_release);
    }
    io_.wake();
  }

  // The worker's thread. Costs one load when there is nothing.
  std::vector<Letter> take() {
    if (!waiting_.load(std::memory_order_acquire)) return {};
    const std::lock_guard lock(mutex_);
    waiting_.store(false, std::memory_order_relaxed);
    return std::exchange(letters_, {});
  }

 private:
  net::Io& io_;
  std::mutex mutex_;
  std::vector<Letter> letters_;
  std::atomic<bool> waiting_{false};
};

}  // namespace ringway::worker
