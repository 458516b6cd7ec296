// Each Io is made on its thread, used on its thread, destroyed on its thread. Three
// latches keep the order: all Ios are made, all begin, none is gone before all ended.
#include "cli/worker_threads.h"

#include <utility>

#include "worker/worker.h"

namespace ringway::cli {

WorkerThreads::WorkerThreads(std::uint32_t count, net::IoKind kind, const net::IoSettings& settings)
    : made_(count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Thread& own = *threads_.emplace_back(std::make_unique<Thread>());
    own.thread = std::thread([this, &own, i, kind, settings] { work(own, i, kind, settings); });
  }
  made_.wait();
}

WorkerThreads::~WorkerThreads() {
  if (!begun_.try_wait()) begun_.count_down();
  join();
}

void WorkerThreads::join() {
  if (!ended_.try_wait()) ended_.count_down();
  for (const auto& own : threads_) {
    if (own->thread.joinable()) own->thread.join();
  }
}

std::string WorkerThreads::failure() const {
  for (const auto& own : threads_) {
    if (!own->failure.empty()) return own->failure;
  }
  return "";
}

std::vector<net::Io*> WorkerThreads::ios() const {
  std::vector<net::Io*> ios;
  for (const auto& own : threads_) ios.push_back(own->io.get());
  return ios;
}

void WorkerThreads::begin(worker::Crew& crew) {
  crew_ = &crew;
  begun_.count_down();
}

void WorkerThreads::work(Thread& own, std::uint32_t number, net::IoKind kind,
                         net::IoSettings settings) {
  if (auto choice = net::open_io(kind, settings)) {
    own.io = std::move(choice->io);
    own.io_name = std::move(choice->name);
    own.io_reason = std::move(choice->why);
  } else {
    own.failure = choice.error();
  }
  made_.count_down();
  begun_.wait();
  if (crew_) {
    worker::Worker worker(number, *own.io, *crew_);
    while (!worker.stopped()) worker.turn();
  }
  ended_.wait();
  own.io.reset();
}

}  // namespace ringway::cli
