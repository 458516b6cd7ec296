// The real world of control: sockets of this machine, names by getaddrinfo on a
// thread of its own, because a resolver may take seconds, and a thread for each piece of
// work that is given away. What a file is read from is whoever starts the process's to say.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "net/chance.h"
#include "net/listener_sockets_given.h"
#include "reload/control_env.h"

namespace ringway::reload {

class SystemEnv final : public ControlEnv {
 public:
  struct Source {
    std::function<config::Loaded()> load;
    std::function<void(config::Config&)> settle;
    std::function<void()> read_again;
    std::function<void()> wake;  // Lets control's thread step.
    std::uint32_t file_mode;     // Permissions that a new file gets.
  };

  explicit SystemEnv(Source source);
  ~SystemEnv() override;

  Instant now() override;
  Duration since_1970() override;
  Result<void> begin(std::function<void()> work) override;
  bool working() override { return working_.load(std::memory_order_acquire); }
  void wake() override { source_.wake(); }
  // What the process was given and nobody listens on.
  std::vector<std::string> unused_listeners() const { return given_.unused(); }

  config::Loaded load() override { return source_.load(); }
  void settle(config::Config& config) override { source_.settle(config); }
  void read_again() override { source_.read_again(); }
  Opening open_listener(const std::string& bind, const config::Listener& settings) override;
  Adjusting adjust_listener(int fd, const config::Listener& settings) override;
  std::vector<int> accept_waiting(int fd) override;
  void close_listener(int fd) override;
  void abandon_listener(int fd) override;
  bool listener_is_lost(int fd) override;
  std::uint64_t random() override { return chance_.next(); }
  void resolve(const std::string& name) override;
  std::vector<Resolved> take_resolved() override;

 private:
  struct Resolver;

  std::uint32_t mode_of(const config::Listener& settings) const;

  const Source source_;
  net::GivenListeners given_;
  std::atomic<bool> working_{false};
  std::thread worker_;  // The last piece of work's.

  net::Chance chance_;  // Control's thread alone draws.
  std::shared_ptr<Resolver> resolver_;
};

}  // namespace ringway::reload
