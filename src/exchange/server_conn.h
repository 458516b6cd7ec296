// One connection to one server, shared by all clients of a worker, and the link
// it belongs to: what this worker knows of that server. Nothing is sent before
// the server has answered a greeting, so whatever waits for a connection that
// never comes to be was never executed.
//
//   connecting --> greeting --> ready --> closing --> (freed)
//        \_____________\____________________/
//        \--too many connections--> closing --> waiting --back-off--> connecting
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringway/metrics/counters.h"
#include "ringway/pool/pool.h"
#include "ringway/proto/dialect.h"

#include "board/board_entry.h"
#include "exchange/backoff.h"
#include "exchange/exchange.h"
#include "exchange/fifo.h"
#include "exchange/known_commands.h"
#include "exchange/pending_keys.h"
#include "net/io.h"
#include "net/list.h"
#include "net/output_buffer.h"
#include "net/table.h"
#include "net/timer_wheel.h"

namespace ringway::proxy {

struct ServerLink {
  pool::ServerId id{};
  std::string label;  // As errors name it, with its pool.
  std::string pool;
  std::string name;
  std::uint32_t connections = 1;
  std::uint32_t queue_max = 0;
  std::uint64_t queue_bytes_max = 0;
  config::MaybeTime timeout;    // Of a request.
  Duration head_wait_max{};     // A queue whose head has waited for longer counts as full.
  Duration head_wait_modest{};  // A head that waits for less tells nothing.
  Duration connect_timeout{};
  Duration backoff_min{};
  Duration backoff_max{};
  config::MaybeTime idle_timeout;
  net::SocketOptions socket;
  metrics::ServerCounters* counters = nullptr;
  config::Eject eject;
  bool tcp_check = false;   // A connection is proof enough.
  bool watched = false;     // This worker checks it: its connection stays open.
  bool preconnect = false;  // Its connections are there before anybody needs them.
  std::uint32_t home = 0;   // The worker that says how it stands.
  const proto::Dialect* dialect = nullptr;
  proto::TokenMark token_mark = 0;  // Of its tokens while it stands in for another.
  BoardEntry* entry = nullptr;

  Standing standing = Standing::up;  // As of the present turn.
  std::string out_because;           // What clients are told while it is not up.

  std::vector<ServerConn*> conns;  // By lane; null where there is none.
  Backoff backoff;                 // Of connections that cannot be made.
  Instant retry_at{};              // No connection is begun before it.
  std::string last_failure;        // Why the last connection could not be made.
  bool failing = false;            // The last connection could not be made, or was lost.
  std::string says;                // What it said last that it could not do, asked by ringway.
  KnownCommands commands;
  net::Timer preconnect_timer;   // When missing ones are made.
  std::uint32_t open_conns = 0;  // Until they are freed.
  // What waits for room in the queue, in the order it came; those among it that a busy server
  // would answer too late stand apart.
  net::List<Fragment, &Fragment::wait_link> waiting;
  net::List<Fragment, &Fragment::wait_link> overdue;
  std::uint32_t waiting_count = 0;  // In both.
  std::uint32_t replied = 0;        // Fragments that left a FIFO answered in this turn.
  std::uint32_t to_wake = 0;        // So many are woken whether there is room or not,
  std::uint32_t may_wake = 0;       // and so many at most where there is, in this turn.
  std::uint64_t generation = 0;     // The last one that has this server,
  std::uint64_t removed_in = 0;     // and the first that has not; 0: it is in the present one.
  Instant ends_at = never;          // Of one that is gone: no connection lives beyond this.
};

enum class ServerConnState : std::uint8_t { connecting, greeting, ready, closing, waiting };

struct ServerConn {
  ServerConn(net::Handle own, ServerLink& server, std::uint32_t its_lane)
      : handle(own), link(server), lane(its_lane) {}

  const net::Handle handle;
  ServerLink& link;
  const std::uint32_t lane;
  int fd = -1;
  Instant begun{};  // When it was begun to be made.
  ServerConnState state = ServerConnState::connecting;
  bool replied = false;             // To some request, not only to the greeting.
  bool awaits_name = false;         // waiting: its server's name has not been answered yet.
  bool retry = false;               // closing: connect anew afterwards, with the queue as it is.
  bool probing = false;             // Begun by a check, not by traffic.
  bool ended = false;               // By its server: what arrived there and was not read is gone.
  bool checked = false;             // A check is among what it was asked.
  bool greeting_in_flight = false;  // The greeting's send, apart from `output`'s.
  std::uint16_t ops_in_flight = 0;

  Fifo fifo;                    // Queued, in flight, tombstones.
  std::uint32_t withdrawn = 0;  // Of them: to leave it unsent at the end of the turn.
  PendingKeys pending_keys;

  // Stream offsets: sent <= offered <= offered + output.unsent().
  std::uint64_t queued_end = 0;  // Where the next request will begin.
  std::uint64_t offered = 0;     // Handed to the kernel,
  std::uint64_t sent = 0;        // and known to be sent.
  proto::Framing framing;        // Of the reply that is arriving.
  bool head_sent = false;        // The oldest unanswered request was sent whole.
  Instant quiet_since{};         // Since when it owes us the next byte.
  net::Buffer input;             // An unfinished line.
  net::OutputBuffer output;
  net::Link touched_link;
  net::Timer timer;
};

}  // namespace ringway::proxy
