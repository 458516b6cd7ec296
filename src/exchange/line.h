// The line of a client: what leaves to it, and when. Replies leave in the order of the questions;
// what arrives out of turn waits in the stash of its fragment. The line asks nobody and fails
// nothing: advance() names the head that wants to ask for more, and the executor asks.
//
//   output  <--  [ settled | arriving, direct | settled | asked ]  <--  open()
//                  the head leaves whole, or streams; whatever stands behind it is stashed
#pragma once

#include <cstdint>
#include <vector>

#include "ringway/metrics/counters.h"
#include "ringway/proto/request.h"

#include "exchange/client_conn.h"
#include "exchange/exchange.h"
#include "exchange/exchanges.h"
#include "exchange/gather.h"
#include "exchange/memory.h"
#include "net/buffer_pool.h"

namespace ringway::proxy {

// What arrives for it goes straight into its client's output.
inline bool at_head(const Exchange& exchange) {
  return exchange.client && exchange.client->line_first == &exchange;
}

// Somebody still listens to its reply.
inline bool told(const Exchange& exchange) {
  return exchange.client && !exchange.settled;
}

class Line {
 public:
  Line(Exchanges& exchanges, net::BufferPool& buffers, Memory& memory,
       metrics::WorkerCounters& counters)
      : exchanges_(exchanges), buffers_(buffers), memory_(memory), counters_(counters) {}

  // Opening an exchange reserves the place of its reply, before anything is asked.
  Exchange& open(ClientConn& client, const proto::Request& request);
  // A reply of ringway's own in its place. `text` has its line end.
  void answer(ClientConn& client, Bytes text);

  // Bytes of a reply of one key: uncommitted into the output of the head, else stashed.
  void append(Exchange& exchange, Bytes bytes);
  // What cannot leave yet counts against its client, who asked for it.
  void stash(Exchange& exchange, Fragment& fragment, Bytes bytes);
  // So many stashed bytes went on into the output, or were forgotten.
  void count_out(Exchange& exchange, std::uint64_t bytes);
  // What has not left yet is taken back, and `instead` is told, unless nothing is.
  void take_back(Exchange& exchange, Bytes instead);
  void make_room(ClientConn& client, std::uint64_t bytes);
  // Of a gather: every slot that is settled, in order. False if one is still open.
  bool emit_slots(ClientConn& client, Exchange& exchange);

  // Its whole reply is known.
  void settle(Exchange& exchange);
  // Whatever is complete at the head goes out, as far as the client takes it. The head if it is a
  // gather that is to ask for its next keys, else null.
  Exchange* advance(ClientConn& client);
  // The client is gone: its exchanges have nobody to answer to.
  void orphan(ClientConn& client);

  // So many values servers may be about to send for it.
  void count_asked(Exchange& exchange, std::uint32_t keys);
  // A large value for its client has begun to come.
  void expect(Fragment& fragment, std::uint64_t value_bytes);
  void count_arrived(Fragment& fragment, std::uint64_t bytes) {
    if (fragment.announced > 0) [[unlikely]]
      count_arrived_of_large(fragment, bytes);
  }
  // Of what nobody waits for any more nothing is announced.
  void expect_no_more(Fragment& fragment) { count_arrived(fragment, fragment.announced); }

  // Its output or its line changed: it is looked at at the end of the turn.
  void touch(ClientConn& client) {
    if (client.closing || client.touched) return;
    client.touched = true;
    touched_.push_back(&client);
  }
  // In the order of their sends; some may be closing by now.
  std::vector<ClientConn*>& touched() { return touched_; }

 private:
  void leave(ClientConn& client, Exchange& exchange);
  bool emit(ClientConn& client, Exchange& exchange);
  bool emit_single(ClientConn& client, Exchange& exchange);
  bool emit_last_line(ClientConn& client, Exchange& exchange);
  bool wants_more(const ClientConn& client, const Exchange& exchange) const;
  void count_arrived_of_large(Fragment& fragment, std::uint64_t bytes);

  Exchanges& exchanges_;
  net::BufferPool& buffers_;
  Memory& memory_;
  metrics::WorkerCounters& counters_;
  std::vector<ClientConn*> touched_;
};

// --- What is done for each request ---

inline Exchange& Line::open(ClientConn& client, const proto::Request& request) {
  Exchange& exchange = exchanges_.make(request);
  exchange.if_lost = request.if_lost;
  exchange.silent = request.noreply;
  exchange.client = &client;
  if (client.line_last) {
    client.line_last->line_next = &exchange;
  } else {
    client.line_first = &exchange;
  }
  client.line_last = &exchange;
  ++client.line_count;
  counters_[metrics::WorkerMetric::in_flight].add();
  return exchange;
}

inline void Line::count_asked(Exchange& exchange, std::uint32_t keys) {
  RINGWAY_ASSERT(exchange.client->keys_asked >= exchange.keys_asked);
  exchange.client->keys_asked -= exchange.keys_asked;
  exchange.client->keys_asked += keys;
  exchange.keys_asked = keys;
}

// Committed at once if it streams, at the reply's end otherwise.
inline void Line::append(Exchange& exchange, Bytes bytes) {
  if (!told(exchange)) return;
  ClientConn& client = *exchange.client;
  if (!exchange.direct && at_head(exchange) && exchange.first.stash.empty()) exchange.direct = true;
  if (!exchange.direct) return stash(exchange, exchange.first, bytes);
  client.output.append_uncommitted(buffers_, bytes);
  if (!exchange.streaming) return;
  client.output.commit();
  touch(client);
}

inline void Line::settle(Exchange& exchange) {
  RINGWAY_ASSERT(told(exchange));
  exchange.settled = true;
  exchange.deadline_link.leave();
  count_asked(exchange, 0);
}

// Asserts what must hold between two turns.
void check_line(const ClientConn& client);

}  // namespace ringway::proxy
