// Which commands a server knows, as far as its connections tell: it may end a connection at one
// that it does not know, as old servers and proxies do. Where it has not answered such a command
// since the last such end, the next end says nothing of the server; from the second of those on the
// command is shunned, for all other requests pay for each. So no more than three connections in a
// row end at one command without a pause. A bit for each command.
#pragma once

#include <cstdint>

#include "ringway/base/assert.h"
#include "ringway/base/time.h"
#include "ringway/proto/request.h"

#include "exchange/backoff.h"

namespace ringway::proxy {

class KnownCommands {
 public:
  enum class End : std::uint8_t {
    of_server,   // It knew the command: the end speaks against the server.
    of_command,  // It may be that it does not know the command.
    once_more,   // The same, and not for the first time: it is to be shunned.
  };
  // A connection ended when this command was next.
  End on_end(proto::CommandId command) {
    const std::uint64_t at = bit(command);
    if ((answered_ & at) != 0) {
      answered_ &= ~at;
      return End::of_server;
    }
    const bool before = (ended_at_ & at) != 0;
    ended_at_ |= at;
    return before ? End::once_more : End::of_command;
  }
  void on_answered(proto::CommandId command) {
    const std::uint64_t at = bit(command);
    answered_ |= at;
    if ((ended_at_ & at) == 0) [[likely]]
      return;
    ended_at_ &= ~at;
    shunned_ &= ~at;
    if (shunned_ == 0) pause_.end();
  }

  void shun(proto::CommandId command, Instant now, Duration shortest, Duration longest,
            std::uint64_t random) {
    shunned_ |= bit(command);
    until_ = now + pause_.next(shortest, longest, random);
  }
  bool shuns(proto::CommandId command) const { return (shunned_ & bit(command)) != 0; }
  bool shuns(proto::CommandId command, Instant now) const {
    return shunned_ != 0 && shuns(command) && now < until_;
  }
  Instant shunned_until() const { return until_; }

 private:
  static std::uint64_t bit(proto::CommandId command) {
    RINGWAY_ASSERT(command.index() < 64);
    return std::uint64_t{1} << command.index();
  }

  std::uint64_t answered_ = 0;  // Since a connection last ended at it.
  std::uint64_t ended_at_ = 0;  // Since it was last answered.
  std::uint64_t shunned_ = 0;
  Instant until_{};  // What is shunned is not asked before.
  Backoff pause_;
};

}  // namespace ringway::proxy
