// An Io for workers that never run.
#pragma once

#include "net/io.h"

namespace ringway::testing {

// Letters to such a worker stay in its mailbox.
class AsleepIo : public net::Io {
 public:
  Instant now() const override { return {}; }
  std::uint64_t random() override { return 0; }
  std::int64_t unix_now_s() const override { return 0; }
  int process_id() const override { return 1; }
  std::string peer(int) const override { return {}; }
  std::span<const net::Completion> wait(Instant, const net::Expected&) override { return {}; }
  bool drained() const override { return true; }
  void wake() override {}
  void accept(net::Token, int, net::Accepts) override {}
  int connect(net::Token, const net::Address&, const net::SocketOptions&) override { return -1; }
  void recv(net::Token, int, net::Buffers) override {}
  void pause(int) override {}
  void resume(int) override {}
  void send(net::Token, int, std::span<const Bytes>) override {}
  bool unread(int) override { return false; }
  void finish_sending(int) override {}
  void shutdown(int) override {}
  void cancel(int) override {}
  void close(int) override {}
};

}  // namespace ringway::testing
