// Each Io is made on its thread, used on its thread, destroyed on its thread. Four latches keep
// the order: all have tried, all Ios are made, all begin, none is gone before all ended.
#include "daemon/worker_threads.h"

#include <fmt/format.h>
#include <pthread.h>
#include <utility>

#include "worker/worker.h"

namespace ringway::cli {

WorkerThreads::WorkerThreads(std::uint32_t count, net::IoKind kind, const net::IoSettings& settings)
    : count_(count), tried_(count), made_(count) {
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
  for (const auto& own : threads_) ios.push_back(own->choice.io.get());
  return ios;
}

std::vector<std::string> WorkerThreads::io_names() const {
  std::vector<std::string> names;
  for (const auto& own : threads_) names.push_back(own->choice.name);
  return names;
}

void WorkerThreads::Thread::take(Result<net::IoChoice> opened) {
  if (opened) {
    choice = std::move(*opened);
  } else {
    failure = opened.error();
  }
}

void WorkerThreads::open(Thread& own, net::IoKind kind, const net::IoSettings& settings) {
  own.take(net::open_io(kind, settings));
  if (own.choice.fallback) {
    const std::lock_guard lock(mutex_);
    ++fallen_back_;
    why_fallback_ = own.choice.why;
  }
  tried_.arrive_and_wait();
  // From here on nobody writes them.
  if (fallen_back_ > 0 && fallen_back_ < count_ && own.failure.empty()) {
    own.choice.io.reset();
    own.take(net::open_fallback(
        settings, fmt::format("for {} of {} workers {}", fallen_back_, count_, why_fallback_)));
  }
  made_.count_down();
}

void WorkerThreads::begin(worker::Shared& shared) {
  shared_ = &shared;
  begun_.count_down();
}

void WorkerThreads::work(Thread& own, std::uint32_t number, net::IoKind kind,
                         net::IoSettings settings) {
  pthread_setname_np(pthread_self(), fmt::format("worker {}", number).c_str());
  open(own, kind, settings);
  begun_.wait();
  if (shared_) {
    worker::Worker worker(number, *own.choice.io, *shared_);
    while (!worker.stopped()) worker.turn();
  }
  ended_.wait();
  own.choice.io.reset();
}

}  // namespace ringway::cli
