// An Io for counting: fifty clients and four servers that exist only in memory and
// always say the same in the same order, so that two runs of one program execute the
// same instructions. Not a test: nothing fails here, see tests/sim for that.
//
// What happens inside of it is not counted (see Aside).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#endif

#include "net/io.h"

namespace ringway::bench {

// Instructions from its birth to its death are not counted where those around it are,
// and counted where those around it are not.
struct Aside {
  Aside() { CALLGRIND_TOGGLE_COLLECT; }
  ~Aside() { CALLGRIND_TOGGLE_COLLECT; }
};

struct Script {
  std::uint32_t clients = 50;
  std::uint32_t pipeline = 1;
  std::uint32_t keys_per_get = 1;
  std::uint32_t sets_of_10 = 1;
  std::uint32_t value_min = 32;
  std::uint32_t value_max = 1024;
};

class PlayIo final : public net::Io {
 public:
  explicit PlayIo(const Script& script);
  ~PlayIo() override;

  std::uint64_t answered() const { return answered_; }
  // The descriptor of a client, for the worker to take.
  int client_fd(std::uint32_t number) const;

  Instant now() const override { return now_; }
  std::int64_t unix_now_s() const override { return 1700000000; }
  int process_id() const override { return 1; }
  std::string peer(int) const override { return {}; }
  std::uint64_t random() override;
  std::span<const net::Completion> wait(Instant deadline, const net::Expected& expected) override;
  bool drained() const override { return true; }
  void wake() override {}
  void accept(net::Token, int, net::Accepts) override {}
  int connect(net::Token token, const net::Address&, const net::SocketOptions&) override;
  void recv(net::Token token, int fd, net::Buffers) override;
  void pause(int) override {}
  void resume(int) override {}
  void send(net::Token token, int fd, std::span<const Bytes> parts) override;
  bool unread(int) override { return false; }
  void finish_sending(int) override {}
  void shutdown(int) override {}
  void cancel(int) override {}
  void close(int) override {}

 private:
  struct Peer {
    net::Token recv_token;
    std::string heard;
    std::string says;
    std::uint64_t owed = 0;  // A client: bytes of replies to come.
  };

  std::string key(std::uint64_t number) const;
  std::size_t value_bytes(std::string_view key) const;
  std::uint64_t value_reply_bytes(std::string_view key) const;
  void ask(Peer& client);
  void hear(Peer& client);
  void serve(Peer& server);
  std::size_t serve_one(Peer& server, std::string_view heard);

  const Script script_;
  Instant now_{};
  std::uint64_t chance_ = 1;   // Of random().
  std::uint64_t subject_ = 1;  // Of what clients ask.
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  std::string value_;
  std::map<int, Peer> peers_;  // Servers are those from first_server_fd on.
  int servers_ = 0;
  std::vector<net::Completion> news_;
  std::vector<net::Completion> told_;
  std::vector<std::string> lent_;
};

}  // namespace ringway::bench
