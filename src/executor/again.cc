// A read whose connection died before any byte of its reply came is asked again, within its one
// deadline and out of the pool's retry budget; once where it was next, for then it may be what the
// server ended the connection at, else a few times. So is a write of which no byte was sent; others
// never are: they may have been executed.
#include <utility>

#include "exchange/error_text.h"
#include "exchange/retry_rules.h"
#include "executor/executor.h"

namespace ringway::proxy {

using metrics::PoolMetric;
using metrics::WorkerMetric;
using proto::Effect;

bool Executor::may_retry(const Fragment& fragment) const {
  const Exchange& exchange = *fragment.exchange;
  const pool::Pool& pool = exchange.client->rules->route->pool();
  if (!exchange.retry_safe || pool.settings.read_retries == 0) return false;
  return may_ask_again(fragment, parts_.now);
}

// A write may be sent anew if the kernel was never handed a byte of it: it cannot have been done.
bool Executor::may_send_anew(const Fragment& fragment, Bytes unsent) const {
  const Exchange& exchange = *fragment.exchange;
  if (unsent.empty() || exchange.gather || !told(exchange)) return false;
  if (unsent.size() > Clients::modest_bytes_max && parts_.memory.is_over(unsent.size()))
    return false;
  return exchange.effect != Effect::reads && may_ask_again(fragment, parts_.now);
}

// Call this last: if it says yes it has taken one retry from the pool's budget.
bool Executor::affords_retry(const Exchange& exchange) {
  const pool::Pool& pool = exchange.client->rules->route->pool();
  metrics::PoolCounters& counters = *parts_.pool_counters[pool.number];
  const bool affordable = parts_.retry_budgets[pool.number].take(
      parts_.now, counters[PoolMetric::requests].value(), pool.settings.retry_budget);
  const bool reads = exchange.effect == Effect::reads;
  const PoolMetric retries = reads ? PoolMetric::read_retries : PoolMetric::write_retries;
  counters[affordable ? retries : PoolMetric::retries_refused].add();
  return affordable;
}

// Only to the server for which the request was written, on the same lane: on another connection a
// later request of its client might be done first. True if it is in a FIFO again.
bool Executor::send_anew(Exchange& exchange, Bytes unsent) {
  Fragment& fragment = exchange.first;
  const HashedKey key(dialect(*exchange.client), exchange);
  const route::Plan& plan = this->plan(*exchange.client, exchange.effect, key.get(), true);
  if (plan.empty()) return false;
  const route::Part step = plan.leaf();
  if (step.server != fragment.server || step.stand_in != fragment.stand_in) return false;
  Servers::Refusal refusal;
  ServerConn* conn = connection(exchange, step.server, refusal);
  if (!conn || conn->lane != fragment.lane || !affords_retry(exchange)) return false;
  ++fragment.retries;
  if (conn->link.entry->owes()) [[unlikely]]
    pay_first(*conn, exchange);
  conn->output.append(parts_.buffers, unsent);
  ++exchange.fragments_asked;
  servers_.queued(*conn, fragment);
  return true;
}

// True if it is in a FIFO again.
bool Executor::retry_single(Exchange& exchange) {
  RINGWAY_ASSERT(!exchange.direct && !exchange.large && exchange.stashed == 0 &&
                 "nothing of a reply that begins anew has come");
  ++exchange.first.retries;
  const Request request = dialect(*exchange.client).again(exchange.asked());
  const HashedKey key(dialect(*exchange.client), exchange);
  const route::Plan& plan = this->plan(*exchange.client, exchange.effect, key.get(), true);
  if (plan.empty()) return false;
  const route::Part step = plan.leaf();
  Servers::Refusal refusal;
  ServerConn* conn = connection(exchange, step.server, refusal);
  if (!conn || !affords_retry(exchange)) return false;
  if (conn->link.entry->owes()) [[unlikely]]
    pay_first(*conn, exchange);
  write_request(*conn, request);
  exchange.first.server = step.server;
  exchange.first.stand_in = step.stand_in;
  ++exchange.fragments_asked;
  servers_.queued(*conn, exchange.first);
  return true;
}

// The fragment's keys are planned anew, and asked of the one server or the several that own them
// now.
void Executor::ask_anew(Fragment& fragment, bool retried) {
  Exchange& exchange = *fragment.exchange;
  Gather& gather = *exchange.gather;
  RINGWAY_ASSERT(fragment.stash.empty() && fragment.announced == 0 &&
                 "nothing of a reply that begins anew has come");
  fragment.state = FragmentState::settled;
  Fragment** end = &gather.fragments;
  while (*end) end = &(*end)->sibling;
  Fragment** const made = end;
  for (std::uint16_t i = std::exchange(fragment.slot, no_slot); i != no_slot;) {
    const std::uint16_t next = std::exchange(gather.slots[i].next, no_slot);
    RINGWAY_ASSERT(gather.slots[i].state == SlotState::asked);
    const route::Plan& plan =
        this->plan(*exchange.client, exchange.effect, gather.key(gather.slots[i]), true);
    if (plan.empty()) {
      gather.slots[i].state = SlotState::failed;
      const pool::Pool& pool = exchange.client->rules->route->pool();
      fail_gather(gather, refusal(exchange, of_pool(pool.name(), nobody_serves_text)));
    } else {
      add_to_chain(exchange, *made, plan.leaf(), i);
    }
    i = next;
  }
  for (Fragment* again = *made; again; again = again->sibling) {
    again->retries = static_cast<std::uint8_t>(fragment.retries + (retried ? 1 : 0));
    again->ended_on = fragment.ended_on;
    ask_server(exchange, *again);
  }
}

// To the end of the chain of its server among the fragments from `first` on.
void Executor::add_to_chain(Exchange& exchange, Fragment*& first, const route::Part& step,
                            std::uint16_t slot) {
  Gather& gather = *exchange.gather;
  Fragment& fragment =
      gather_fragment(first, exchange, step.server, step.stand_in, gather.key(gather.slots[slot]));
  gather.slots[slot].fragment = &fragment;
  std::uint16_t* last = &fragment.slot;
  while (*last != no_slot) last = &gather.slots[*last].next;
  *last = slot;
}

}  // namespace ringway::proxy
