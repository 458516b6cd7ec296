// The workers' threads. Each makes its own Io (a ring belongs to its thread) and
// tells whether it could; then all go to work together. They stand on one kind of Io: if one of
// them does not get io_uring, all take epoll.
#pragma once

#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ringway/base/result.h"

#include "net/open_io.h"
#include "worker/shared.h"

namespace ringway::cli {

class WorkerThreads {
 public:
  // Starts `count` threads and waits until each has its Io.
  WorkerThreads(std::uint32_t count, net::IoKind kind, const net::IoSettings& settings);
  ~WorkerThreads();

  // Why some thread has no Io; empty if all have.
  std::string failure() const;
  // Which Io each took, and why.
  std::vector<std::string> io_names() const;
  const std::string& io_name() const { return threads_[0]->choice.name; }
  const std::string& io_reason() const { return threads_[0]->choice.why; }
  // io_uring was to be used, and could not be.
  bool fell_back() const { return threads_[0]->choice.fallback; }

  std::vector<net::Io*> ios() const;
  // Sets them to work. Not called if there was a failure.
  void begin(worker::Shared& shared);
  // Lets the threads end, and waits for that. Every worker has stopped by then, so
  // nobody wakes an Io any more.
  void join();

 private:
  struct Thread {
    net::IoChoice choice;
    std::string failure;  // Why there is none.
    std::thread thread;

    void take(Result<net::IoChoice> opened);
  };

  void open(Thread& own, net::IoKind kind, const net::IoSettings& settings);
  void work(Thread& own, std::uint32_t number, net::IoKind kind, net::IoSettings settings);

  worker::Shared* shared_ = nullptr;  // Set before `begun_`; null: there is no work.
  const std::uint32_t count_;
  std::mutex mutex_;
  std::uint32_t fallen_back_ = 0;  // While they try, under the mutex.
  std::string why_fallback_;
  std::latch tried_;
  std::latch made_;
  std::latch begun_{1};
  std::latch ended_{1};
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace ringway::cli
