// What the simulated network and its inhabitants may do to the router, as named
// rates. Each seed draws its own and switches many off altogether (swarm testing):
// a fault that is always present hides what happens without it.
//
// Rates are probabilities per occasion unless the name carries a unit.
#pragma once

#include <cstdint>

#include "ringway/base/time.h"

#include "sim/chance.h"

namespace ringway::sim {

// Name, type, quiet value: what it is when switched off.
#define RINGWAY_SIM_FAULTS(ROW)                                                                  \
  ROW(split, double, 0)            /* A write travels as several segments. */                    \
  ROW(slow_segment, double, 0)     /* A segment takes up to 300 ms (sent again). */              \
  ROW(short_recv, double, 0)       /* A receive hands over only a part. */                       \
  ROW(send_in_pieces, double, 0)   /* A send with room is taken in several goes. */              \
  ROW(late_completion, double, 0)  /* A send is reported some time after it is done. */          \
  ROW(late_after_pause, double, 0) /* Bytes still arrive after pause(). */                       \
  ROW(lazy_shutdown, double, 0)    /* Of a unix listener: only cancel() ends its accept. */      \
  ROW(completions_max, std::uint64_t, 256) /* Of one wait(). */                                  \
  ROW(client_buffers, std::uint64_t, 512)  /* Receive buffers between two waits. */              \
  ROW(server_buffers, std::uint64_t, 128)                                                        \
  ROW(accept_emfile, double, 0)                                                                  \
  ROW(socket_emfile, double, 0) /* connect() gets no socket. */                                  \
  ROW(connect_refused, double, 0)                                                                \
  ROW(connect_ignored, double, 0)            /* Never answered. */                               \
  ROW(connect_slow, double, 0)               /* Up to 2 s. */                                    \
  ROW(pipe_bytes, std::uint64_t, 256 * 1024) /* Room between two sockets, each way. */           \
  ROW(worker_stall, double, 0)               /* Per turn: this worker is not run for a while. */ \
  ROW(worker_stall_ms, std::uint64_t, 0)                                                         \
  ROW(server_delay_us, std::uint64_t, 0) /* A server's time per request, at most. */             \
  ROW(server_hang, double, 0)            /* Per server: reads nothing for a while. */            \
  ROW(server_die, double, 0)             /* Per server: its process ends and comes back. */      \
  ROW(server_reset, double, 0)           /* Per server: resets its connections. */               \
  ROW(server_vanish, double, 0)          /* Per server: connections fall silent for ever. */     \
  ROW(server_full, double, 0)            /* Per server: its connection limit is reached. */      \
  ROW(server_garbage, double, 0)         /* Per reply, as those below: no reply at all. */       \
  ROW(server_foreign, double, 0)         /* Names a key or opaque that was not asked. */         \
  ROW(server_duplicate, double, 0)       /* Says it twice. */                                    \
  ROW(server_insert, double, 0)          /* A reply that nobody asked for, beside it. */         \
  ROW(server_truncate, double, 0)        /* Ends in the middle. */                               \
  ROW(server_refuse, double, 0)          /* An error instead. */                                 \
  ROW(server_early, double, 0)           /* An error before the value is there. */               \
  ROW(server_half_close, double, 0)      /* Says nothing more, goes on reading. */               \
  ROW(server_misread, double, 0)    /* An error before the value, which is read as commands. */  \
  ROW(server_drip, double, 0)       /* Per server: says what it says byte by byte. */            \
  ROW(server_unable, double, 0)     /* Per server: a tier that says that it reaches nobody. */   \
  ROW(server_choosy, double, 0)     /* Per server: ends connections at one command. */           \
  ROW(server_move, double, 0)       /* Per server with a name: it leads elsewhere. */            \
  ROW(server_nameless, double, 0)   /* The same: for a while there is no such name. */           \
  ROW(clock_jump, double, 0)        /* Per turn: the clock jumps, all else stands still. */      \
  ROW(router_pause, double, 0)      /* Per turn: all workers and control stand still. */         \
  ROW(pause_ms, std::uint64_t, 0)   /* How long, at most, of both. */                            \
  ROW(client_vanish, double, 0)     /* Per client: leaves with requests unanswered. */           \
  ROW(client_half_close, double, 0) /* Per client: ends its direction, then reads. */            \
  ROW(client_slow, double, 0)       /* Per client: reads slowly. */                              \
  ROW(client_deaf, double, 0)       /* Per client: asks, and reads nothing more. */              \
  ROW(client_broken, double, 0)     /* Per request: not the protocol. */

struct Faults {
#define RINGWAY_SIM_FAULT_MEMBER(name, type, quiet) type name = quiet;
  RINGWAY_SIM_FAULTS(RINGWAY_SIM_FAULT_MEMBER)
#undef RINGWAY_SIM_FAULT_MEMBER
};

// Servers that say what is not true: replies may then reach another request of the
// same kind, and nobody could know.
inline bool lies(const Faults& faults) {
  return faults.server_foreign > 0 || faults.server_duplicate > 0 || faults.server_insert > 0;
}

// Any reply that is not the right one, or none.
inline bool speaks_wrong(const Faults& faults) {
  return lies(faults) || faults.server_garbage > 0 || faults.server_truncate > 0 ||
         faults.server_refuse > 0 || faults.server_early > 0 || faults.server_half_close > 0 ||
         faults.server_misread > 0;
}

// About one seed in eight is drawn without any fault.
Faults draw_faults(Chance chance);

void print(const Faults& faults);

}  // namespace ringway::sim
