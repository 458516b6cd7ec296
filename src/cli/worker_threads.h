// The workers' threads. Each makes its own Io (a ring belongs to its thread) and
// tells whether it could; then all go to work together.
#pragma once

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringway/base/result.h"

#include "net/open_io.h"
#include "worker/crew.h"

namespace ringway::cli {

class WorkerThreads {
 public:
  // Starts `count` threads and waits until each has its Io.
  WorkerThreads(std::uint32_t count, net::IoKind kind, const net::IoSettings& settings);
  ~WorkerThreads();

  // Why some thread has no Io; empty if all have.
  std::string failure() const;
  // Which Io was taken, and why.
  const std::string& io_name() const { return threads_[0]->io_name; }
  const std::string& io_reason() const { return threads_[0]->io_reason; }

  std::vector<net::Io*> ios() const;
  // Sets them to work. Not called if there was a failure.
  void begin(worker::Crew& crew);
  // Lets the threads end, and waits for that. Every worker has stopped by then, so
  // nobody wakes an Io any more.
  void join();

 private:
  struct Thread {
    std::unique_ptr<net::Io> io;
    std::string io_name;
    std::string io_reason;
    std::string failure;
    std::thread thread;
  };

  void work(Thread& own, std::uint32_t number, net::IoKind kind, net::IoSettings settings);

  worker::Crew* crew_ = nullptr;  // Set before `begun_`; null: there is no work.
  std::latch made_;
  std::latch begun_{1};
  std::latch ended_{1};
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace ringway::cli
