// One thread, one epoll, any number of addresses: answers at once, so that in a
// benchmark the proxy is what waits. One receive and one send for everything a
// connection has ready.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <vector>

#include "bench/fake/session.h"

namespace ringway::bench {

class FakeServer {
 public:
  explicit FakeServer(const FakeSettings& settings);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  void add_listener(int fd);

  // Serves until `stop` becomes true; looked at whenever a signal ends the wait.
  void run(const volatile bool& stop);

  std::uint64_t answered() const;

 private:
  struct Client {
    explicit Client(const FakeSettings& settings) : session(settings) {}
    Session session;
    std::string carry;   // The start of an unfinished line.
    std::string unsent;  // While this is not empty the client is not read.
  };

  void watch(int fd, std::uint32_t events, int operation) const;
  void accept_all(int listener);
  void on_readable(int fd, Client& client);
  void on_writable(int fd, Client& client);
  void send_replies(int fd, Client& client);
  void drop(int fd);

  const FakeSettings settings_;
  int epoll_;
  std::vector<int> listeners_;
  std::vector<std::unique_ptr<Client>> clients_;  // By file descriptor.
  std::string input_;
  std::string output_;
  std::uint64_t answered_by_gone_ = 0;
};

}  // namespace ringway::bench
