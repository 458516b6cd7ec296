// What it means that a request was lost on its way: whether its server may now hold something
// older than its client believes. Such a key is owed: deleted there before anybody reads it.
#pragma once

#include <cstdint>

#include "ringway/proto/memcached/reply.h"
#include "ringway/proto/memcached/request.h"

namespace ringway::proto::memcached {

enum class IfLost : std::uint8_t {
  nothing,      // It would have changed nothing.
  no_older,     // What is there is what the client believes, or what it must look at first: add,
                // cas, arithmetic, touch. Deleting it would cost others' locks and counters.
  owed_untold,  // A part is missing, and whoever was told so knows: append, prepend.
  owed_marked,  // It was to mark what is there as old, which stays: md with I.
  owed,         // It was to replace or to remove what is there: set, replace, delete.
};

IfLost if_lost(const Request& request);

// Whether this reply to a request of kind `owed` leaves nothing older there: also if the key was
// not there at all.
bool leaves_nothing_older(ReplyKind kind);

}  // namespace ringway::proto::memcached
