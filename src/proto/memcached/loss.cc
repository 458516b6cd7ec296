// See loss.h: one table of commands. Of meta commands the flags decide: a mode, or a token to
// compare with.
#include "ringway/proto/memcached/loss.h"

#include "proto/memcached/words.h"

namespace ringway::proto::memcached {
namespace {

IfLost of_meta(Command command, Bytes flags) {
  IfLost found = IfLost::owed;
  Words words{flags.data(), flags.data() + flags.size()};
  for (Bytes token; words.next(token);) {
    if (token[0] == 'C' || token[0] == 'E') return IfLost::no_older;
    if (token[0] == 'I' && command == Command::md) found = IfLost::owed_marked;
    if (token[0] != 'M' || token.size() < 2) continue;
    switch (token[1]) {
      case 'E': return IfLost::no_older;
      case 'A':
      case 'P': found = IfLost::owed_untold; break;
      default: break;
    }
  }
  return found;
}

}  // namespace

IfLost if_lost(const Request& request) {
  switch (request.command) {
    case Command::set:
    case Command::replace:
    case Command::delete_: return IfLost::owed;
    case Command::append:
    case Command::prepend: return IfLost::owed_untold;
    case Command::ms:
    case Command::md: return of_meta(request.command, request.meta_flags);
    case Command::add:
    case Command::cas:
    case Command::incr:
    case Command::decr:
    case Command::ma:
    case Command::touch:
    case Command::gat:
    case Command::gats: return IfLost::no_older;
    default: return IfLost::nothing;
  }
}

// NS of a meta set may mean that there was no memory for it.
bool leaves_nothing_older(ReplyKind kind) {
  return !is_error(kind) && kind != ReplyKind::ns;
}

}  // namespace ringway::proto::memcached
