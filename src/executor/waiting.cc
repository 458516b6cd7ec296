// Requests for a server whose queue is full keep their place in their client's line, and their
// clock; their client begins nothing behind them, so that nothing overtakes them. A request of one
// key stays in the input and is asked once more when there is room; of several keys only the part
// for that server waits. Either is planned anew: its server may be out by then.
#include <algorithm>
#include <string>

#include "exchange/error_text.h"
#include "executor/executor.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using proto::Effect;

namespace {

// What one client may ask of a server in its turn while others wait: many each get little.
constexpr std::uint32_t turn_max = 32;
constexpr std::uint32_t turns_shared = 64;

}  // namespace

// A client that has waited for a whole timeout waits again only once that queue has taken
// something.
bool Executor::may_wait(ClientConn& client, pool::ServerId server) const {
  if (!client.gave_up || client.gave_up_on != server) return true;
  if (client.gave_up_at == servers_.counters(server)[ServerMetric::requests].value()) return false;
  client.gave_up = false;
  return true;
}

void Executor::give_up_on(ClientConn& client, pool::ServerId server) {
  client.gave_up = true;
  client.gave_up_on = server;
  client.gave_up_at = servers_.counters(server)[ServerMetric::requests].value();
  servers_.counters(server)[ServerMetric::shed].add();
}

std::string Executor::full_for(pool::ServerId server, const config::MaybeTime& timeout) {
  const std::string time = timeout ? duration_text(*timeout) : "long";
  return of_server(servers_.label(server), "has had a full queue for " + time);
}

void Executor::hold_single(Exchange& exchange, const route::Part& step) {
  ClientConn& client = *exchange.client;
  RINGWAY_ASSERT(!client.held && client.line_last == &exchange);
  start_deadline(exchange, pool_of(step).settings);
  servers_.hold(step.server, client.handle.index, exchange.first);
  client.held = &exchange;
  client.held_input = HeldInput::waiting;
  client.turn_left = 0;
  clients_.pause(client, PauseReason::server_queue);
}

void Executor::hold_part(Exchange& exchange, Fragment& fragment) {
  ClientConn& client = *exchange.client;
  RINGWAY_ASSERT((!client.held || client.held == &exchange) && client.line_last == &exchange);
  servers_.hold(fragment.server, client.handle.index, fragment);
  client.held = &exchange;
  clients_.pause(client, PauseReason::server_queue);
}

void Executor::wait_no_more(ClientConn& client) {
  client.held = nullptr;
  client.held_input = HeldInput::none;
  clients_.resume(client, PauseReason::server_queue);
}

// --- Waking -----------------------------------------------------------------------------

void Executor::give_turn(ClientConn& client, pool::ServerId server) {
  client.turn_at = server;
  client.turn_left =
      std::clamp(turns_shared / (servers_.waiting(server) + 1), std::uint32_t{1}, turn_max);
}

// Only while the woken client has a turn left (turn_left > 0): if the turn is at this server, uses
// up one request of it and returns true.
bool Executor::use_turn(ClientConn& client, pool::ServerId server) {
  if (client.turn_at != server) return false;
  --client.turn_left;
  return true;
}

void Executor::wake_those_that_fit() {
  while (Fragment* fragment = servers_.next_to_wake()) wake(*fragment);
}

void Executor::wake(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  ClientConn& client = *exchange.client;
  RINGWAY_ASSERT(client.held == &exchange);
  give_turn(client, fragment.server);
  if (exchange.gather) {
    wake_gather(fragment);
  } else {
    client.held_input = HeldInput::woken;
    clients_.go_on(client);
    RINGWAY_ASSERT(client.held_input != HeldInput::woken);
  }
  client.turn_left = 0;
}

void Executor::wake_gather(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  ClientConn& client = *exchange.client;
  if (exchange.effect == Effect::broadcast) {
    ask_broadcast(exchange, fragment);
  } else {
    ask_anew(fragment, false);
  }
  const Gather& gather = *exchange.gather;
  bool waits = false;
  for (const Fragment* one = gather.fragments; one; one = one->sibling)
    waits |= one->state == FragmentState::held;
  if (!waits) wait_no_more(client);
  line_.touch(client);
  if (gather.group_settled()) on_group_settled(exchange);
  if (at_head(exchange)) advance(client);
}

// --- Waiting in vain ----------------------------------------------------------------------

// The client has left while its request waited for a full queue: the request was not done, and is
// owed where nobody will be told.
void Executor::drop_held(ClientConn& client) {
  Exchange& exchange = *client.held;
  if (!exchange.gather) {
    if (exchange.first.state == FragmentState::held) servers_.let_go(exchange.first);
    give_up(exchange, false, false);
  } else {
    for (Fragment* one = exchange.gather->fragments; one; one = one->sibling) {
      if (one->state != FragmentState::held) continue;
      servers_.let_go(*one);
      if (exchange.effect == Effect::broadcast) servers_.lost_silently(one->server);
    }
  }
  wait_no_more(client);
}

// The time of a request that waited for a full queue is over. Nobody is blamed, for the server was
// never asked.
void Executor::expire_held(Exchange& exchange, Duration timeout) {
  ClientConn& client = *exchange.client;
  line_.touch(client);
  if (exchange.gather) {
    for (Fragment* one = exchange.gather->fragments; one; one = one->sibling) {
      if (one->state != FragmentState::held) continue;
      servers_.let_go(*one);
      give_up_on(client, one->server);
      fail_slots(*one, refusal(exchange, full_for(one->server, timeout)));
    }
    return wait_no_more(client);
  }
  servers_.let_go(exchange.first);
  give_up_on(client, exchange.first.server);
  give_up(exchange, false);
  wait_no_more(client);
  client.held_input = HeldInput::expired;
  fail_single(exchange, full_for(exchange.first.server, timeout));
}

}  // namespace ringway::proxy
