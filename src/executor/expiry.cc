// Requests whose time is up: each client is told at its time. What the kernel has not been handed
// a byte of leaves its queue; of everything else the late reply is read and dropped, or settles
// what it owes.
#include <vector>

#include "exchange/error_text.h"
#include "executor/executor.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using metrics::WorkerMetric;

void Executor::expire() {
  for (const auto& [exchange, timeout] : deadlines_.take_expired(parts_.now)) {
    if (exchange->over || exchange->settled) continue;  // It failed with one before it.
    parts_.count(WorkerMetric::requests_expired).add();
    const Duration late = parts_.now - exchange->deadline;
    const bool ours = late > timeout / 4;
    if (ours) parts_.count(WorkerMetric::late_turns).add();
    if (!exchange->client) {
      expire_orphan(*exchange, timeout, ours);
      continue;
    }
    if (exchange->gather) {
      expire_gather(*exchange, timeout, ours);
      continue;
    }
    if (exchange->client->held == exchange) {
      expire_held(*exchange, timeout);
      continue;
    }
    expire_single(*exchange, timeout, ours);
  }
  servers_.drop_withdrawn();
}

void Executor::expire_single(Exchange& exchange, Duration timeout, bool ours) {
  const pool::ServerId server = exchange.first.server;
  const Instant begun = exchange.deadline - timeout;
  const Late late = come_late(exchange.first);
  fail_single(exchange,
              of_server(servers_.label(server), "timed out after " + duration_text(timeout)));
  blame_late(late, begun, timeout, ours);
}

// The client has left before the deadline. The server still owes an answer, and is blamed for being
// late like any other.
void Executor::expire_orphan(Exchange& exchange, Duration timeout, bool ours) {
  const Instant begun = exchange.deadline - timeout;
  std::vector<Late> late;
  Fragment* fragment = exchange.gather ? exchange.gather->fragments : &exchange.first;
  for (; fragment; fragment = fragment->sibling) {
    if (fragment->state == FragmentState::asked) late.push_back(come_late(*fragment));
  }
  for (const Late& one : late) blame_late(one, begun, timeout, ours);
}

// Marks the fragment late: a reply that still comes is read and dropped. Returns what blame_late()
// needs, for the fragment may have left its FIFO by then.
Executor::Late Executor::come_late(Fragment& fragment) {
  RINGWAY_ASSERT(fragment.conn && "what is asked is in a FIFO");
  servers_.counters(fragment.server)[ServerMetric::timeouts].add();
  const Exchange& exchange = *fragment.exchange;
  const bool on_its_way = !servers_.withdraw(fragment);
  fragment.owes = on_its_way && owes_once_late(exchange);
  if (exchange.gather) count_unconfirmed(fragment);
  if (!exchange.gather && !fragment.owes) give_up(exchange, on_its_way);
  if (fragment.pays && !on_its_way) owe_still(fragment);
  fragment.late = true;
  return {fragment.conn, fragment.request_end <= fragment.conn->sent};
}

// `ours`: it was ringway that came late, so the server gets its time anew. A request that was never
// sent speaks against nobody either.
void Executor::blame_late(const Late& late, Instant begun, Duration timeout, bool ours) {
  ServerConn& conn = *late.conn;
  if (ours) return servers_.forgive(conn, timeout);
  servers_.suspect(conn, timeout);
  const bool sent = late.sent && conn.state == ServerConnState::ready;
  if (sent) servers_.blame_timeout(conn, begun, timeout);
}

}  // namespace ringway::proxy
