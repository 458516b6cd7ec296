// A blocking conversation with one peer, for commands that ask and end: every wait and
// every answer is bounded. Not for traffic. A failure is a sentence without the peer's
// address, and the conversation is over then.
#pragma once

#include <string>
#include <string_view>

#include "ringway/base/result.h"
#include "ringway/base/time.h"

namespace ringway::cli {

class Peer {
 public:
  static constexpr std::size_t answer_bytes_max = 16 << 20;

  // "127.0.0.1:11211", "[::1]:11211", "unix:/run/mc.sock", "mc-1.prod:11211". Of a
  // name's addresses the one that a router takes.
  static Result<Peer> connect(const std::string& address, Duration timeout);

  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&& other) noexcept;
  ~Peer();

  // All of it. What arrives meanwhile waits in the kernel: ask in moderate pieces.
  Result<void> send(std::string_view bytes);
  // Up to the next "\n", which is dropped, as is a "\r" before it.
  Result<std::string> line();
  Result<std::string> bytes(std::size_t count);
  // Until the peer closes, or `enough` bytes are there; all of it within that time.
  Result<std::string> rest(Duration within, std::size_t enough = answer_bytes_max);

 private:
  explicit Peer(int fd) : fd_(fd) {}

  // Reads on; false if the peer has closed.
  Result<bool> more();

  int fd_ = -1;
  std::string input_;
};

}  // namespace ringway::cli
