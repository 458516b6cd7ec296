// What a request does to its key, and what it means that it was lost on its way (proto::IfLost).
// Asked once, when a request was read.
#pragma once

#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

using proto::Effect;
using proto::IfLost;

// Fills in `effect` and `if_lost`, by the command and, of meta commands, by the flags: a mode, or
// a token to compare with.
void classify(Request& request);

// Whether this reply to a request of kind `owed` leaves nothing older there: also if the key was
// not there at all. NS of a meta set may mean that there was no memory for it.
constexpr bool leaves_nothing_older(ReplyKind kind) {
  return !is_error(kind) && kind != ReplyKind::ns;
}

}  // namespace ringway::proto::memcached
