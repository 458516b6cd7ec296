// The queue of a server: when it is full, who waits for room in it, and how what nobody waits
// for any more leaves it again. A queue never holds more than its server can answer in time:
// it is full, too, while the request at its head has waited for half of the timeout, or the next
// one would, at the pace that the head shows.
//
//   waiting   [ oldest | ... | newest ]   woken from the left, as many as the server answers
//   overdue   [ ... ]                     a busy server would answer these too late: they are
//                                         woken once it is busy no more, or answered at their time
#include <algorithm>
#include <utility>
#include <vector>

#include "servers/pace.h"
#include "servers/servers.h"

namespace ringway::proxy {

bool Servers::full(const ServerLink& link, const ServerConn& place) const {
  if (too_slow(place.fifo, parts_.now, link.head_wait_modest, link.head_wait_max)) return true;
  if (link.connections > 1) [[unlikely]]
    return have_full_queue(link);
  return place.fifo.count() >= link.queue_max || place.output.size() >= link.queue_bytes_max;
}

// With several connections the limits are for all of their queues together.
bool Servers::have_full_queue(const ServerLink& link) {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  for (const ServerConn* conn : link.conns) {
    if (!conn) continue;
    requests += conn->fifo.count();
    bytes += conn->output.size();
  }
  return requests >= link.queue_max || bytes >= link.queue_bytes_max;
}

// --- Who waits ------------------------------------------------------------------------

void Servers::hold(pool::ServerId server, std::uint32_t lane, Fragment& fragment) {
  ServerLink& to = link(server);
  if (to.waiting_count++ == 0) {
    if (std::ranges::find(crowded_, &to) == crowded_.end()) crowded_.push_back(&to);
    to.replied = 0;
    to.to_wake = 0;
    to.may_wake = 0;
  }
  fragment.state = FragmentState::held;
  fragment.server = server;
  fragment.lane = static_cast<std::uint16_t>(lane % to.connections);
  to.waiting.push_back(fragment);
}

void Servers::let_go(Fragment& fragment) {
  ServerLink& from = link(fragment.server);
  RINGWAY_ASSERT(fragment.state == FragmentState::held && from.waiting_count > 0);
  fragment.wait_link.leave();
  fragment.state = FragmentState::idle;
  --from.waiting_count;
}

// All who wait for this server are woken: it may be out, moved or gone, and they are planned anew.
void Servers::wake_all(ServerLink& link) {
  link.to_wake = link.waiting_count;
}

Fragment* Servers::next_to_wake() {
  for (std::size_t i = 0; i < crowded_.size();) {
    ServerLink& link = *crowded_[i];
    link.may_wake += 2 * std::exchange(link.replied, 0);
    Fragment* next = next_that_fits(link);
    if (next) {
      let_go(*next);
      return next;
    }
    link.may_wake = 0;
    if (link.waiting_count > 0) {
      ++i;
      continue;
    }
    crowded_[i] = crowded_.back();
    crowded_.pop_back();
  }
  return nullptr;
}

// Returns the next to wake. A request that the server would answer too late at its pace stands
// aside, so that others can still be answered in time.
Fragment* Servers::next_that_fits(ServerLink& link) {
  if (link.to_wake > 0) {
    --link.to_wake;
    return link.overdue.front() ? link.overdue.front() : link.waiting.front();
  }
  while (Fragment* fragment = link.waiting.front()) {
    if (!has_room(link, *fragment)) return nullptr;
    if (fits(link, *fragment)) return fragment;
    fragment->wait_link.leave();
    link.overdue.push_back(*fragment);
  }
  Fragment* fragment = link.overdue.front();
  const ServerConn* place = fragment ? place_of(link, *fragment) : nullptr;
  return place && place->fifo.first() ? nullptr : fragment;
}

const ServerConn* Servers::place_of(const ServerLink& link, const Fragment& fragment) {
  return link.conns[fragment.lane % link.connections];
}

// A short queue takes all that wait; a longer one two for each answer, for the server shows its
// pace only after a while.
bool Servers::has_room(ServerLink& link, const Fragment& fragment) const {
  const ServerConn* place = place_of(link, fragment);
  if (!place) return true;
  if (full(link, *place)) return false;
  if (place->fifo.count() < queue_modest) return true;
  if (link.may_wake == 0) return false;
  --link.may_wake;
  return true;
}

// True if the server can answer in time, at its pace and with a moment left for itself.
bool Servers::fits(const ServerLink& link, const Fragment& fragment) const {
  const ServerConn* place = place_of(link, fragment);
  if (!place || !link.timeout) return true;
  const Duration left = fragment.exchange->deadline - parts_.now;
  return left - expected_wait(place->fifo, parts_.now) >= link.head_wait_modest;
}

// --- Who waits no more ------------------------------------------------------------------

bool Servers::withdraw(Fragment& fragment) {
  RINGWAY_ASSERT(fragment.conn && !fragment.withdrawn);
  ServerConn& conn = *fragment.conn;
  if (fragment.request_end - fragment.request_bytes < conn.offered) return false;
  fragment.withdrawn = true;
  if (conn.withdrawn++ == 0) withdrawn_from_.push_back(&conn);
  return true;
}

// A connection that failed meanwhile has told all of its FIFO already.
void Servers::drop_withdrawn() {
  for (ServerConn* conn : std::exchange(withdrawn_from_, {})) {
    if (conn->withdrawn > 0) drop_withdrawn(*conn);
  }
}

void Servers::drop_withdrawn(ServerConn& conn) {
  std::vector<net::Buffer::Part> parts;
  std::vector<Fragment*> gone;
  std::uint64_t gone_bytes = 0;
  Fragment* stays = nullptr;  // The last one before `fragment` that does.
  for (Fragment* fragment = conn.fifo.first(); fragment;) {
    Fragment* const next = fragment->fifo_next;
    if (fragment->withdrawn) {
      const std::uint64_t begin = fragment->request_end - fragment->request_bytes;
      parts.push_back({begin - conn.offered, fragment->request_bytes});
      gone_bytes += fragment->request_bytes;
      gone.push_back(&leave_fifo(conn, stays));
    } else {
      fragment->request_end -= gone_bytes;
      fragment->queued_behind -= static_cast<std::uint32_t>(gone.size());
      stays = fragment;
    }
    fragment = next;
  }
  RINGWAY_ASSERT(parts.size() == conn.withdrawn);
  conn.withdrawn = 0;
  conn.pending_keys.forget();
  conn.queued_end -= gone_bytes;
  conn.output.erase(parts_.buffers, parts);
  conn.head_sent = conn.fifo.first() && conn.fifo.first()->request_end <= conn.sent;
  for (Fragment* fragment : gone) proxy::on_withdrawn(executor_, *fragment);
  prefer_closed(conn);
}

}  // namespace ringway::proxy
