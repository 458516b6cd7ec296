// One exchange enters by open() and leaves by leave(), and only its head writes into the output:
// so nothing overtakes. What is counted for an exchange at its client leaves with it.
#include "exchange/line.h"

#include <algorithm>
#include <utility>

namespace ringway::proxy {

using metrics::WorkerMetric;

// The only way out.
void Line::leave(ClientConn& client, Exchange& exchange) {
  RINGWAY_ASSERT(client.line_first == &exchange && client.line_count > 0);
  client.line_first = std::exchange(exchange.line_next, nullptr);
  if (!client.line_first) client.line_last = nullptr;
  --client.line_count;
  RINGWAY_ASSERT(client.stashed >= exchange.stashed);
  client.stashed -= exchange.stashed;
  if (client.announced > 0) {
    Fragment* fragment = exchange.gather ? exchange.gather->fragments : &exchange.first;
    for (; fragment; fragment = fragment->sibling) expect_no_more(*fragment);
  }
  RINGWAY_ASSERT(client.line_first || (client.stashed | client.announced) == 0);
  counters_[WorkerMetric::in_flight].subtract();
  if (exchange.gather && !exchange.gather->all_asked()) client.asks_later = false;
  count_asked(exchange, 0);
  exchange.client = nullptr;
  exchange.answered = true;
  // Where the client has left before, the deadline stays: the server still owes a reply.
  if (exchange.settled) exchange.deadline_link.leave();
  exchanges_.end_if_over(exchange);
}

void Line::orphan(ClientConn& client) {
  while (Exchange* exchange = client.line_first) leave(client, *exchange);
}

void Line::answer(ClientConn& client, Bytes text) {
  if (client.line_first) {
    const proto::Request none;
    Exchange& exchange = open(client, none);
    exchange.settled = true;
    stash(exchange, exchange.first, text);
    return;
  }
  client.output.append(buffers_, text);
  touch(client);
}

// --- What arrives -------------------------------------------------------------

void Line::stash(Exchange& exchange, Fragment& fragment, Bytes bytes) {
  fragment.stash.append(buffers_, bytes);
  exchange.stashed += bytes.size();
  if (exchange.client) exchange.client->stashed += bytes.size();
}

void Line::count_out(Exchange& exchange, std::uint64_t bytes) {
  RINGWAY_ASSERT(exchange.client && exchange.stashed >= bytes);
  exchange.stashed -= bytes;
  exchange.client->stashed -= bytes;
}

void Line::take_back(Exchange& exchange, Bytes instead) {
  RINGWAY_ASSERT(told(exchange) && !exchange.streaming && !exchange.gather);
  if (std::exchange(exchange.direct, false)) exchange.client->output.take_back(buffers_);
  exchange.large = false;
  // A silent one's stash holds at most what is told whatever comes of it.
  if (exchange.silent) return;
  exchange.first.stash.clear(buffers_);
  count_out(exchange, exchange.stashed);
  stash(exchange, exchange.first, instead);
}

// With its line end, which a body includes.
void Line::expect(Fragment& fragment, std::uint64_t value_bytes) {
  RINGWAY_ASSERT(told(*fragment.exchange) && fragment.announced == 0);
  fragment.announced = value_bytes + 2;
  fragment.exchange->client->announced += fragment.announced;
  memory_.promise(fragment.announced);
}

void Line::count_arrived_of_large(Fragment& fragment, std::uint64_t bytes) {
  ClientConn* client = fragment.exchange->client;
  RINGWAY_ASSERT(client && client->announced >= bytes && fragment.announced >= bytes);
  fragment.announced -= bytes;
  client->announced -= bytes;
  memory_.keep_promise(bytes);
}

// What waits behind it will follow: room is made for all of that, as far as it is little beside
// what its client may hold, for growing would copy it again.
void Line::make_room(ClientConn& client, std::uint64_t bytes) {
  if (client.output.room() >= bytes) return;
  const std::uint64_t little = client.rules->settings.client_output_high / 64;
  const std::uint64_t all = std::min(bytes + client.stashed, little);
  client.output.reserve_uncommitted(buffers_, std::max(bytes, all));
}

// --- What leaves --------------------------------------------------------------

Exchange* Line::advance(ClientConn& client) {
  touch(client);
  const std::uint64_t high = client.rules->settings.client_output_high;
  while (Exchange* head = client.line_first) {
    // What a direct head has written into the output leaves only by being committed.
    const bool waits = head->settled && !head->direct && client.output.size() >= high;
    if (client.closing || waits) return nullptr;
    if (!emit(client, *head)) return wants_more(client, *head) ? head : nullptr;
    leave(client, *head);
  }
  return nullptr;
}

// True when the whole reply is in the client's output.
bool Line::emit(ClientConn& client, Exchange& exchange) {
  if (!exchange.gather) return emit_single(client, exchange);
  return emit_slots(client, exchange) && emit_last_line(client, exchange);
}

bool Line::emit_single(ClientConn& client, Exchange& exchange) {
  net::Buffer& stash = exchange.first.stash;
  if (exchange.settled) {
    client.output.commit();
    make_room(client, stash.size());
    client.output.append(buffers_, stash.bytes());
    stash.clear(buffers_);
    return true;
  }
  // A large value that began to arrive behind others streams from here on, if its end may come.
  if (exchange.large && !exchange.direct && !exchange.expired) {
    exchange.direct = true;
    exchange.streaming = true;
    client.output.append(buffers_, stash.bytes());
    stash.clear(buffers_);
    count_out(exchange, exchange.stashed);
  }
  return false;
}

bool Line::emit_slots(ClientConn& client, Exchange& exchange) {
  RINGWAY_ASSERT(at_head(exchange));
  Gather& gather = *exchange.gather;
  for (; gather.next_slot < gather.slot_count; ++gather.next_slot) {
    Slot& slot = gather.slots[gather.next_slot];
    if (slot.state == SlotState::asked || slot.state == SlotState::leaving) return false;
    if (slot.state != SlotState::stashed) continue;
    RINGWAY_ASSERT(slot.block_offset + slot.block_bytes <= slot.fragment->stash.size());
    make_room(client, slot.block_bytes);
    client.output.append(buffers_, slot.fragment->stash.bytes(slot.block_offset, slot.block_bytes));
    count_out(exchange, slot.block_bytes);
    slot.state = SlotState::left;
  }
  return true;
}

bool Line::emit_last_line(ClientConn& client, Exchange& exchange) {
  const Gather& gather = *exchange.gather;
  if (!gather.group_settled()) return false;
  const bool error = !gather.error.empty();
  const bool failed = error && (!exchange.misses_errors || exchange.expired);
  if (!failed && !gather.all_asked()) return false;
  if (error) counters_[WorkerMetric::request_errors].add();
  if (!exchange.silent) {
    const bool tells = error && !exchange.misses_errors;
    const proto::Dialect& words = *client.rules->dialect;
    client.output.append(buffers_,
                         tells ? gather.error.bytes() : words.end_of_many(exchange.command));
  }
  exchange.settled = true;
  return true;
}

// A reader that does not take what it asked for slows down itself.
bool Line::wants_more(const ClientConn& client, const Exchange& exchange) const {
  const Gather* gather = exchange.gather;
  if (!gather || gather->next_slot < gather->slot_count || !gather->group_settled()) return false;
  RINGWAY_ASSERT(!gather->all_asked());
  return client.output.held() < client.rules->settings.client_output_high;
}

// --- What holds ---------------------------------------------------------------

void check_line(const ClientConn& client) {
  std::uint32_t count = 0;
  std::uint64_t stashed = 0;
  std::uint64_t announced = 0;
  std::uint32_t keys_asked = 0;
  const Exchange* last = nullptr;
  for (const Exchange* one = client.line_first; one; one = one->line_next) {
    RINGWAY_ASSERT(one->client == &client && !one->answered);
    RINGWAY_ASSERT((one == client.line_first || (!one->direct && !one->streaming)) &&
                   "only the head of a line writes into its client's output");
    if (one->gather) one->gather->check_invariants();
    const Fragment* fragment = one->gather ? one->gather->fragments : &one->first;
    for (; fragment; fragment = fragment->sibling) announced += fragment->announced;
    stashed += one->stashed;
    keys_asked += one->keys_asked;
    last = one;
    ++count;
  }
  RINGWAY_ASSERT(count == client.line_count && last == client.line_last);
  RINGWAY_ASSERT(stashed == client.stashed && "what waits in a line is what its client holds");
  RINGWAY_ASSERT(announced == client.announced && keys_asked == client.keys_asked);
  RINGWAY_ASSERT(!client.closing || (!client.line_first && !client.pauses.any()));
}

}  // namespace ringway::proxy
