// What ringway answers by itself, and what it refuses.
#include <fmt/core.h>

#include "proxy/executor.h"

namespace ringway::proxy {

using proto::memcached::Command;

namespace {

// Clients read a memcached's version and decide what it can: ringway speaks what
// 1.6.18 speaks, and says who it is behind that.
constexpr Bytes version_reply = "VERSION 1.6.18-ringway-" RINGWAY_VERSION "\r\n";

constexpr Bytes flush_refusal =
    "SERVER_ERROR ringway: flush_all is refused; the pool's flush_all = \"allowed\" permits it\r\n";

}  // namespace

void Executor::start_local(ClientConn& client, const Request& request) {
  switch (request.command) {
    case Command::version: return answer(client, version_reply);
    case Command::quit: return clients_->finish(client);
    // The barrier: in its place in the line, it waits for all that was asked before.
    case Command::mn: return answer(client, "MN\r\n");
    case Command::verbosity:
      if (!request.noreply) answer(client, "OK\r\n");
      return;
    default: return answer(client, "ERROR\r\n");
  }
}

void Executor::refuse_broadcast(ClientConn& client, const Request& request) {
  if (!request.noreply) answer(client, flush_refusal);
}

// A value that was refused replaces nothing, yet the old one may not be read any
// more, as memcached has it.
void Executor::unlink(ClientConn& client, Bytes key) {
  Request request;
  request.command = Command::delete_;
  request.key = key;
  request.key_count = 1;
  request.noreply = true;
  start_single(client, request);
}

}  // namespace ringway::proxy
