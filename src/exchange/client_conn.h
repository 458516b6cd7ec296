// One client's connection. It ends in one of two ways: retire (now) or finish (no
// more requests, owed replies first). It is freed only at the end of a turn and
// only when no operation on its fd is in flight.
//
//   open --finish--> finishing --owed replies are out--> lingering --peer ends, 1 s--> closing
//     \______________________________retire______________________________________________/
#pragma once

#include <cstdint>

#include "ringway/snapshot/snapshot.h"

#include "exchange/pauses.h"
#include "net/list.h"
#include "net/output_buffer.h"
#include "net/table.h"
#include "net/timer_wheel.h"

namespace ringway::proxy {

struct Exchange;

// A request that a full queue did not take stays at the front of the input.
enum class HeldInput : std::uint8_t {
  none,
  waiting,  // Nothing behind it is begun.
  woken,    // There is room: it is to be asked once more.
  expired,  // It was answered: it is to be dropped.
};

struct ClientConn {
  ClientConn(net::Handle own, int socket, snapshot::ListenerId from)
      : handle(own), fd(socket), listener(from) {}

  const net::Handle handle;
  const int fd;
  const snapshot::ListenerId listener;
  const snapshot::Listener* rules = nullptr;  // Its listener's now: which route, which limits.
  std::uint16_t ops_in_flight = 0;

  bool closing = false;        // Retired: waits for its operations to come home.
  bool finishing = false;      // Takes no more requests.
  bool lingering = false;      // Everything is said (SHUT_WR); what still comes is dropped.
  bool input_ended = false;    // The peer will say no more.
  bool paused = false;         // Its socket is not read; `pauses` says why.
  bool speaks_text = false;    // Its first bytes were no other protocol's.
  bool leaving = false;        // To be finished as soon as it is between two requests,
  bool read_out = false;       // and nothing is left of what it said before.
  bool heard = false;          // Said something since it was last looked at for that.
  bool admitted = false;       // Counts against its listener's clients_max.
  bool touched = false;        // To be looked at at the end of the turn.
  bool blocked = false;        // A limit stopped its parsing; input waits in `input`.
  bool asks_later = false;     // The last in its line has keys not asked for yet: a write
                               // behind it must not overtake them.
  Pauses pauses;               // See Clients::pause().
  bool half = false;           // The first request of `input` was begun: its rest is read.
  bool swallows_line = false;  // What comes up to the end of the line is dropped.

  HeldInput held_input = HeldInput::none;
  Exchange* held = nullptr;      // What waits for a full queue; the last in the line.
  bool gave_up = false;          // It waited for a whole timeout for this server's queue.
  pool::ServerId gave_up_on{};   // While that takes nothing, nothing else waits for it:
  std::uint64_t gave_up_at = 0;  // so many requests it had taken then.
  std::uint32_t turn_left = 0;   // Requests that it may ask of `turn_at` before those that wait.
  pool::ServerId turn_at{};

  // Exchanges in the order of the questions.
  Exchange* line_first = nullptr;
  Exchange* line_last = nullptr;
  std::uint32_t line_count = 0;
  std::uint64_t stashed = 0;     // Bytes of replies that wait for their turn.
  std::uint64_t announced = 0;   // Bytes of values that servers have begun to send.
  std::uint32_t keys_asked = 0;  // Values that servers may be about to send.

  std::size_t scanned = 0;        // Bytes of `input` known to hold no newline.
  std::uint64_t swallow = 0;      // Payload bytes still to be dropped.
  std::size_t begun_bytes = 0;    // Of `input`: came before it was read out, and is still taken.
  std::uint64_t promised = 0;     // Of a value that is half there: what is still to come.
  std::uint64_t wanted = 0;       // While it waits for memory: room for a value, or for anything.
  std::uint64_t moved = 0;        // Bytes that it said or took since memory was last looked at,
  std::uint32_t seen_at = 0;      // which look that was,
  std::uint32_t looks_still = 0;  // how many in a row saw it hold memory and not move,
  std::uint32_t waits_since = 0;  // and since which one it waits.
  std::uint32_t lingered_bytes = 0;
  Instant progress_at{};  // When it last said or took something.
  Instant linger_ends{};
  Instant look_at = never;        // While it leaves and is not read out.
  std::uint32_t looks_empty = 0;  // In a row.
  net::Buffer input;              // An unfinished request, or what waits behind a limit.
  net::OutputBuffer output;
  net::Link rejected_link;  // In the list of those who are too many.
  net::Link memory_link;    // In the list of those who wait for memory.
  net::Timer timer;
};

}  // namespace ringway::proxy
