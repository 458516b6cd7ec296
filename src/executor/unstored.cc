// on_write_error = "not_stored": what a write is told instead of an error about its server, in the
// words of a memcached that could not do it. Whether it was done nobody knows, so it counts as
// told nothing (Exchange::fails_unstored): its key is owed. What servers say is told as it is.
#include "executor/executor.h"

namespace ringway::proxy {

using proto::memcached::Command;
using proto::memcached::CommandClass;

// For all that is no read and has one key.
bool Executor::has_write_miss(Command command) {
  return row(command).kind != CommandClass::read && !row(command).many_keys;
}

std::string Executor::write_miss(const Exchange& exchange) const {
  switch (exchange.command) {
    case Command::ms: return "NS" + echoed_flags(exchange) + "\r\n";
    case Command::md:
    case Command::ma: return "NF" + echoed_flags(exchange) + "\r\n";
    case Command::cas:
    case Command::delete_:
    case Command::touch:
    case Command::incr:
    case Command::decr: return "NOT_FOUND\r\n";
    default: return "NOT_STORED\r\n";
  }
}

}  // namespace ringway::proxy
