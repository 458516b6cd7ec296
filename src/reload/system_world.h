// The real world of control: sockets of this machine, names by getaddrinfo on a
// thread of its own, because a resolver may take seconds.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "reload/world.h"

namespace ringway::reload {

class SystemWorld final : public World {
 public:
  SystemWorld();
  ~SystemWorld() override;

  Instant now() override;
  Result<int> open_listener(const std::string& bind, const config::Listener& settings) override;
  std::vector<int> accept_waiting(int fd) override;
  void close_listener(int fd) override;
  std::uint64_t random() override;
  void resolve(const std::string& name) override;
  std::vector<Resolved> take_resolved() override;

 private:
  void run();

  std::uint64_t random_state_;  // Control's thread alone draws.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> asked_;
  std::vector<Resolved> answers_;
  bool ending_ = false;
  std::thread thread_;  // Begun by the first question.
};

}  // namespace ringway::reload
