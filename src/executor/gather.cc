// Reads of several keys: split by server, gathered in the order asked. See
// gather.h for the drawing. Groups bound what one request can hold at a time; the
// next group is asked when the last is out and the client takes what it gets.
#include <algorithm>
#include <utility>
#include <vector>

#include "exchange/error_text.h"
#include "executor/executor.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using metrics::WorkerMetric;
using proto::Effect;
using proto::Piece;

void Executor::start_gather(ClientConn& client, const Request& request) {
  Exchange& exchange = line_.open(client, request);
  const pool::Pool& pool = client.rules->route->pool();
  exchange.misses_errors = may_miss(pool.settings, request);
  exchange.retry_safe = request.effect == Effect::reads;
  Gather& gather = exchanges_.make_gather(exchange);
  exchange.memo.set(parts_.buffers, request.memo);
  gather.keys.append(parts_.buffers, request.keys);
  exchange.stashed = request.keys.size();
  client.stashed += request.keys.size();
  client.asks_later = true;  // Until it asks.
  if (at_head(exchange)) return advance(client);
  // If it does not fit beside the reads before it in the line, it asks when they are out.
  const std::uint32_t keys_per_ask = client.rules->settings.keys_per_ask;
  if (client.keys_asked + std::min(request.key_count, group_max(client)) > keys_per_ask) return;
  ask_next(exchange);
}

// --- Asking -------------------------------------------------------------------

std::uint32_t Executor::group_max(const ClientConn& client) const {
  return std::min(client.rules->settings.keys_per_ask, slots_max);
}

// Fills the slots with the next keys and asks their servers.
void Executor::ask_next(Exchange& exchange) {
  Gather& gather = *exchange.gather;
  exchanges_.free_fragments(gather);
  line_.count_out(exchange, exchange.stashed - gather.keys.size());
  gather.slot_count = 0;
  gather.next_slot = 0;
  const std::uint32_t count_max = group_max(*exchange.client);
  const auto next_key = dialect(*exchange.client).next_key;
  const Bytes all = gather.keys.bytes();
  Bytes rest = all.substr(gather.unasked);
  for (Bytes key; gather.slot_count < count_max && next_key(rest, key);) {
    gather.slots[gather.slot_count++] = {
        .key_offset = static_cast<std::uint32_t>(key.data() - all.data()),
        .key_bytes = static_cast<std::uint8_t>(key.size()),
        .state = SlotState::asked,
        .next = no_slot,
        .fragment = nullptr,
        .block_offset = 0,
        .block_bytes = 0};
  }
  // Trailing spaces are no key: after the last one everything has been asked.
  Bytes none;
  Bytes peek = rest;
  gather.unasked =
      static_cast<std::uint32_t>(next_key(peek, none) ? all.size() - rest.size() : all.size());
  RINGWAY_ASSERT(exchange.client->line_last == &exchange);
  exchange.client->asks_later = !gather.all_asked();
  line_.count_asked(exchange, gather.slot_count);
  // The deadline is for what servers are asked now, not for how many groups there are.
  exchange.deadline_link.leave();
  start_deadline(exchange, exchange.client->rules->route->pool().settings);
  ask_group(exchange);
  if (gather.group_settled()) on_group_settled(exchange);
}

void Executor::ask_group(Exchange& exchange) {
  Gather& gather = *exchange.gather;
  std::array<std::uint16_t, slots_max> last{};  // By slot of a fragment's first key.
  for (std::uint16_t i = 0; i < gather.slot_count; ++i) {
    Slot& slot = gather.slots[i];
    const route::Plan& plan = this->plan(*exchange.client, exchange.effect, gather.key(slot));
    if (plan.empty()) {
      slot.state = SlotState::failed;
      const pool::Pool& pool = exchange.client->rules->route->pool();
      fail_gather(gather, refusal(exchange, of_pool(pool.name(), nobody_serves_text)));
      continue;
    }
    const route::Part& step = plan.leaf();
    Fragment& fragment =
        gather_fragment(gather.fragments, exchange, step.server, step.stand_in, gather.key(slot));
    slot.fragment = &fragment;
    if (fragment.slot == no_slot) {
      fragment.slot = i;
    } else {
      gather.slots[last[fragment.slot]].next = i;
    }
    last[fragment.slot] = i;
  }
  for (Fragment* fragment = gather.fragments; fragment; fragment = fragment->sibling) {
    ask_server(exchange, *fragment);
  }
}

// A server may own some keys and stand in for others: these are asked apart, for their
// times and tokens are not the same. And it reads only lines that are not too long.
Fragment& Executor::gather_fragment(Fragment*& first, Exchange& exchange, pool::ServerId server,
                                    bool stand_in, Bytes key) {
  const std::size_t key_bytes = key.size() + 1;
  const std::size_t most = dialect(*exchange.client).keys_bytes_max(exchange.command);
  Fragment** place = &first;
  for (; *place; place = &(*place)->sibling) {
    Fragment& known = **place;
    if (known.server != server || known.stand_in != stand_in) continue;
    if (known.keys_bytes + key_bytes > most) continue;
    known.keys_bytes += static_cast<std::uint16_t>(key_bytes);
    return known;
  }
  Fragment& fragment = exchanges_.make_fragment(exchange);
  fragment.keys_bytes = static_cast<std::uint16_t>(key_bytes);
  fragment.server = server;
  fragment.stand_in = stand_in;
  *place = &fragment;
  return fragment;
}

// One line for all keys of the fragment.
void Executor::ask_server(Exchange& exchange, Fragment& fragment) {
  Gather& gather = *exchange.gather;
  Servers::Refusal refusal;
  ServerConn* conn = connection(exchange, fragment.server, refusal);
  if (!conn) [[unlikely]]
    return refuse_part(exchange, fragment, refusal);
  if (conn->link.entry->owes()) [[unlikely]] {
    for (std::uint16_t i = fragment.slot; i != no_slot; i = gather.slots[i].next)
      pay_first(*conn, gather.key(gather.slots[i]));
  }
  std::size_t room = proto::head_bytes_max;
  for (std::uint16_t i = fragment.slot; i != no_slot; i = gather.slots[i].next) {
    room += gather.slots[i].key_bytes + std::size_t{1};
  }
  char* const begin = conn->output.reserve(parts_.buffers, room);
  std::optional<proto::TtlCap> cap;
  if (fragment.stand_in) {
    servers_.counters(fragment.server)[ServerMetric::stand_ins].add();
    cap = ttl_cap(exchange.client->rules->route->pool().settings);
  }
  char* out = conn->link.dialect->write_head(exchange.asked(), cap, begin);
  for (std::uint16_t i = fragment.slot; i != no_slot; i = gather.slots[i].next) {
    const Bytes key = gather.key(gather.slots[i]);
    *out++ = ' ';
    out = std::copy(key.begin(), key.end(), out);
  }
  *out++ = '\r';
  *out++ = '\n';
  conn->output.advance(static_cast<std::size_t>(out - begin));
  ++exchange.fragments_asked;
  servers_.queued(*conn, fragment);
}

// If a server's queue is full, only the keys for that server wait, and only in their first try.
void Executor::refuse_part(Exchange& exchange, Fragment& fragment, Servers::Refusal& refusal) {
  std::string error = of_server(servers_.label(fragment.server), refusal.why);
  if (refusal.full && fragment.retries == 0) {
    if (may_wait(*exchange.client, fragment.server)) return hold_part(exchange, fragment);
    const pool::Pool& pool = exchange.client->rules->route->pool();
    error = full_for(fragment.server, pool.settings.timeout);
  }
  if (refusal.full) servers_.counters(fragment.server)[ServerMetric::shed].add();
  fail_slots(fragment, this->refusal(exchange, error));
}

// --- Replies ------------------------------------------------------------------

bool Executor::gather_head(Exchange& exchange, Fragment& fragment, const Piece& piece) {
  if (piece.has_body) return gather_value(exchange, fragment, piece);
  if (fragment.state != FragmentState::asked) return true;
  if (!is_error(piece.outcome)) {
    for (std::uint16_t i = fragment.slot; i != no_slot; i = exchange.gather->slots[i].next) {
      exchange.gather->slots[i].state = SlotState::missed;
    }
    fragment.state = FragmentState::settled;
  } else {
    fail_slots(fragment, std::string(piece.told));
  }
  return true;
}

// A value answers the next of the fragment's keys that it names; those before it
// are misses. False if it names none of them.
bool Executor::gather_value(Exchange& exchange, Fragment& fragment, const Piece& piece) {
  Gather& gather = *exchange.gather;
  const bool open = fragment.state == FragmentState::asked;
  std::uint16_t i = fragment.slot;
  while (i != no_slot && gather.key(gather.slots[i]) != piece.key) i = gather.slots[i].next;
  // Whoever names another key is not believed about those before it: they are asked again.
  if (i == no_slot) return false;
  for (std::uint16_t k = fragment.slot; open && k != i; k = gather.slots[k].next)
    gather.slots[k].state = SlotState::missed;
  fragment.slot = i;
  fragment.begun = true;
  if (!open || !told(exchange)) return true;

  Slot& slot = gather.slots[i];
  if (const std::string_view why = no_room(exchange, piece.value_bytes); !why.empty()) {
    slot.state = SlotState::failed;
    fail_gather(gather, refusal(exchange, why));
    return true;
  }
  expect(fragment, piece.value_bytes);
  const Bytes text = told_of(fragment, piece);
  if (at_head(exchange)) {
    line_.emit_slots(*exchange.client, exchange);
    line_.touch(*exchange.client);
  }
  if (at_head(exchange) && gather.next_slot == i) {
    slot.state = SlotState::leaving;
    const std::uint64_t stream_min = exchange.client->rules->settings.stream_min;
    exchange.large = piece.value_bytes > stream_min;
    if (!exchange.large) line_.make_room(*exchange.client, text.size() + piece.value_bytes + 2);
    exchange.client->output.append_uncommitted(parts_.buffers, text);
  } else {
    slot.block_offset = static_cast<std::uint32_t>(fragment.stash.size());
    line_.stash(exchange, fragment, text);
  }
  return true;
}

void Executor::gather_body(Exchange& exchange, Fragment& fragment, Bytes bytes) {
  if (fragment.state != FragmentState::asked || !told(exchange)) return;
  const SlotState state = exchange.gather->slots[fragment.slot].state;
  if (state == SlotState::failed) return;
  if (state != SlotState::leaving) {
    return line_.stash(exchange, fragment, bytes);
  }
  net::OutputBuffer& output = exchange.client->output;
  output.append_uncommitted(parts_.buffers, bytes);
  if (!exchange.large) return;
  output.commit();
  exchange.streaming = true;
  line_.touch(*exchange.client);
}

void Executor::gather_body_end(Exchange& exchange, Fragment& fragment) {
  Gather& gather = *exchange.gather;
  Slot& slot = gather.slots[fragment.slot];
  fragment.slot = slot.next;
  if (fragment.state != FragmentState::asked || !told(exchange)) return;
  if (slot.state == SlotState::leaving) {
    exchange.client->output.commit();
    exchange.streaming = false;
    slot.state = SlotState::left;
    ++gather.next_slot;
    line_.emit_slots(*exchange.client, exchange);
    line_.touch(*exchange.client);
    return;
  }
  if (slot.state == SlotState::failed) return;
  slot.block_bytes = static_cast<std::uint32_t>(fragment.stash.size()) - slot.block_offset;
  slot.state = SlotState::stashed;
}

// --- Failures -----------------------------------------------------------------

void Executor::fail_gather(Gather& gather, std::string error) {
  if (gather.error.empty()) gather.error.append(parts_.buffers, error);
}

// The keys that this fragment has not answered yet have no answer. False if one
// of them has partly left already.
bool Executor::fail_slots(Fragment& fragment, std::string error) {
  Exchange& exchange = *fragment.exchange;
  Gather& gather = *exchange.gather;
  fragment.state = FragmentState::settled;
  line_.expect_no_more(fragment);
  if (!fragment.late) count_unconfirmed(fragment);
  fail_gather(gather, std::move(error));
  bool whole = true;
  for (std::uint16_t i = fragment.slot; i != no_slot; i = gather.slots[i].next) {
    Slot& slot = gather.slots[i];
    if (slot.state == SlotState::leaving && told(exchange)) {
      if (exchange.streaming) whole = false;
      if (!exchange.streaming) exchange.client->output.take_back(parts_.buffers);
    }
    slot.state = SlotState::failed;
  }
  return whole;
}

void Executor::expire_gather(Exchange& exchange, Duration timeout, bool ours) {
  RINGWAY_ASSERT(told(exchange));
  Gather& gather = *exchange.gather;
  if (exchange.client->held == &exchange) expire_held(exchange, timeout);
  const std::string what = "timed out after " + duration_text(timeout);
  const Instant begun = exchange.deadline - timeout;
  std::vector<Late> late;
  bool whole = true;
  for (Fragment* fragment = gather.fragments; fragment; fragment = fragment->sibling) {
    if (fragment->state != FragmentState::asked) continue;
    late.push_back(come_late(*fragment));
    whole &=
        fail_slots(*fragment, refusal(exchange, of_server(servers_.label(fragment->server), what)));
  }
  if (!whole) {
    break_stream(exchange);
  } else if (at_head(exchange)) {
    advance(*exchange.client);
  }
  for (const Late& one : late) blame_late(one, begun, timeout, ours);
}

// All servers of the group have answered: from here on the exchange waits for its turn alone, so no
// deadline runs and no values are expected.
void Executor::on_group_settled(Exchange& exchange) {
  exchange.deadline_link.leave();
  line_.count_asked(exchange, 0);
}

}  // namespace ringway::proxy
