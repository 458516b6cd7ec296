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
// Accept on this socket, for this listener; one that is open already changes its
// listener. Worker 0 alone, as the next two.
struct Listen {
  int fd;
  snapshot::ListenerId listener;
};
// Accept no more on this one; the count in its report tells when nothing is in flight on it.
struct Unlisten {
  int fd;
};
// The same for every socket.
struct StopListening {};
// A connection that was accepted for this worker.
struct TakeClient {
  int fd;
  snapshot::ListenerId listener;
};
// Finish the clients of this listener between their requests.
struct DrainListener {
  snapshot::ListenerId listener;
};
// Finish every client between its requests, spread over this time; zero: now, and in a hurry.
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

using Letter = std::variant<Adopt, Listen, Unlisten, StopListening, TakeClient, DrainListener,
                            Drain, Reconsider, Relocate, Stop>;

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

  // Any thread: the worker shall turn, whether there is mail or not.
  void wake() { io_.wake(); }

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
