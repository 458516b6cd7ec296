// Listening sockets that were opened by whoever started the process (systemd's socket
// activation: LISTEN_FDS). A listener on such an address gets that socket instead of
// opening one; given back, it is kept for a later reload. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringway::net {

class GivenListeners {
 public:
  // Takes what the environment tells of, and forgets it there.
  GivenListeners();
  ~GivenListeners();
  GivenListeners(const GivenListeners&) = delete;
  GivenListeners& operator=(const GivenListeners&) = delete;

  // The socket on the address that `bind` means, if there is one that nobody uses.
  std::optional<int> take(std::string_view bind);
  bool has(int fd) const;
  // True if it is one of these.
  bool give_back(int fd);

  // Addresses that nobody uses.
  std::vector<std::string> unused() const;

 private:
  struct Given {
    int fd;
    std::string address;
    bool in_use = false;
  };

  mutable std::mutex mutex_;
  std::vector<Given> given_;
};

}  // namespace ringway::net
