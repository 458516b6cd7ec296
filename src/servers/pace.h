// How fast a server answers, as the head of its FIFO shows, and whether it is silent. Pure; see
// queues.cc and silence.cc for what follows from it.
#pragma once

#include <algorithm>

#include "exchange/server_conn.h"

namespace ringway::proxy {

// How long a request would take that joins the queue now: the head has waited for those that stood
// before it and for itself.
inline Duration expected_wait(const Fifo& fifo, Instant now) {
  const Fragment* head = fifo.first();
  if (!head) return {};
  return (now - head->queued_at) / (head->queued_behind + 1) * fifo.count();
}

// Whether so much of a timeout has passed, or would for the next one, that it counts as full. A
// head that has waited for less than `modest` tells nothing.
inline bool too_slow(const Fifo& fifo, Instant now, Duration modest, Duration most) {
  const Fragment* head = fifo.first();
  if (!head || head->queued_at >= now - modest) return false;
  return std::max(now - head->queued_at, expected_wait(fifo, now)) >= most;
}

// It was handed something, and has not answered or even taken all of it.
inline bool owes_us(const ServerConn& conn) {
  return conn.head_sent || conn.offered > conn.sent;
}

// When it will have been silent for `timeout`, if nothing comes and it is asked no later than now.
inline Instant silent_at(const ServerConn& conn, Instant now, Duration timeout) {
  return (owes_us(conn) ? conn.quiet_since : now) + timeout;
}

}  // namespace ringway::proxy
