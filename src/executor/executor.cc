// The client's line, and requests of one key. See exchange.h for the
// drawing. Whatever lets an exchange leave its line may free it: after advance(),
// settle_single() or fail_single() an exchange is not to be touched any more, unless
// it still has a fragment in a FIFO.
#include "executor/executor.h"

#include <algorithm>
#include <utility>

#include "exchange/error_text.h"

namespace ringway::proxy {

using metrics::PoolMetric;
using metrics::ServerMetric;
using metrics::WorkerMetric;
using proto::Effect;
using proto::Piece;

namespace {

// Room made ahead for a value that a server has only announced.
constexpr std::uint64_t room_bytes_max = 256 * 1024;
// And for what may stand behind it: two line ends and a word.
constexpr std::size_t room_behind_bytes = 7;

}  // namespace

bool Executor::on_request(ClientConn& client, const Request& request) {
  if (client.held_input == HeldInput::woken) [[unlikely]]
    return start_single(client, request, Place::input);
  bench_.count(WorkerMetric::requests).add();
  bench_.count(WorkerMetric::keys).add(request.key_count);
  switch (request.effect) {
    case Effect::local: start_local(client, request); return true;
    case Effect::broadcast: start_broadcast(client, request); return true;
    default: break;
  }
  if (request.key_count <= 1) [[likely]]
    return start_single(client, request, Place::input);
  start_gather(client, request);
  return true;
}

// --- The line of a client -------------------------------------------------

Exchange& Executor::open(ClientConn& client, const Request& request) {
  Exchange& exchange = exchanges_.make();
  exchange.command = request.command;
  exchange.effect = request.effect;
  exchange.if_lost = request.if_lost;
  exchange.silent = request.noreply;
  exchange.first.exchange = &exchange;
  join_line(client, exchange);
  return exchange;
}

// Opening the exchange reserves the reply's place before anything is asked:
// replies leave in the order of the questions.
void Executor::join_line(ClientConn& client, Exchange& exchange) {
  exchange.client = &client;
  if (client.line_last) {
    client.line_last->line_next = &exchange;
  } else {
    client.line_first = &exchange;
  }
  client.line_last = &exchange;
  ++client.line_count;
  bench_.count(WorkerMetric::in_flight).add();
}

void Executor::leave_line(ClientConn& client, Exchange& exchange) {
  RINGWAY_ASSERT(client.line_first == &exchange && client.line_count > 0);
  client.line_first = std::exchange(exchange.line_next, nullptr);
  if (!client.line_first) client.line_last = nullptr;
  --client.line_count;
  RINGWAY_ASSERT(client.stashed >= exchange.stashed);
  client.stashed -= exchange.stashed;
  if (client.announced > 0) expect_nothing_of(exchange);
  RINGWAY_ASSERT(client.line_first || (client.stashed | client.announced) == 0);
  bench_.count(WorkerMetric::in_flight).subtract();
  if (exchange.gather && !exchange.gather->all_asked()) client.asks_later = false;
  count_asked(exchange, 0);
  exchange.client = nullptr;
  exchange.answered = true;
  // Whose client has left is nobody's to answer, and its server's to be late with.
  if (exchange.settled) exchange.deadline_link.leave();
  release_if_over(exchange);
}

void Executor::count_asked(Exchange& exchange, std::uint32_t keys) {
  RINGWAY_ASSERT(exchange.client->keys_asked >= exchange.keys_asked);
  exchange.client->keys_asked -= exchange.keys_asked;
  exchange.client->keys_asked += keys;
  exchange.keys_asked = keys;
}

void Executor::release_if_over(Exchange& exchange) {
  if (!exchange.answered || exchange.fragments_asked > 0) return;
  RINGWAY_ASSERT(exchange.client == nullptr);
  exchange.deadline_link.leave();
  if (Gather* gather = std::exchange(exchange.gather, nullptr)) {
    free_fragments(*gather);
    gather->keys.clear(bench_.buffers);
    gather->error.clear(bench_.buffers);
    gathers_.free(*gather);
  }
  exchange.key.clear(bench_.buffers);
  exchange.memo.clear(bench_.buffers);
  RINGWAY_ASSERT(exchange.first.announced == 0);
  exchange.first.stash.clear(bench_.buffers);
  exchanges_.free(exchange);
}

// Whatever is complete at the head of the line goes out, as far as the client
// takes it; on_room() goes on.
void Executor::advance(ClientConn& client) {
  clients_->touch(client);
  const std::uint64_t high = clients_->listener(client).settings.client_output_high;
  while (Exchange* head = client.line_first) {
    // What a direct head has written into the output leaves only by being committed.
    const bool waits = head->settled && !head->direct && client.output.size() >= high;
    if (client.closing || waits) return;
    if (!emit(client, *head)) return;
    leave_line(client, *head);
  }
}

bool Executor::emit(ClientConn& client, Exchange& exchange) {
  return exchange.gather ? emit_gather(client, exchange) : emit_single(client, exchange);
}

bool Executor::emit_single(ClientConn& client, Exchange& exchange) {
  net::Buffer& stash = exchange.first.stash;
  if (exchange.settled) {
    client.output.commit();
    make_room(client, stash.size());
    client.output.append(bench_.buffers, stash.bytes());
    stash.clear(bench_.buffers);
    return true;
  }
  // A large value that began to arrive behind others streams from here on.
  if (exchange.large && !exchange.direct) {
    exchange.direct = true;
    exchange.streaming = true;
    client.output.append(bench_.buffers, stash.bytes());
    stash.clear(bench_.buffers);
    count_out(exchange, exchange.stashed);
  }
  return false;
}

// What waits behind it will follow: room is made for all of that, as far as it is little beside
// what its client may hold, for growing would copy it again.
void Executor::make_room(ClientConn& client, std::uint64_t bytes) {
  if (client.output.room() >= bytes) return;
  const std::uint64_t little = clients_->listener(client).settings.client_output_high / 64;
  const std::uint64_t all = std::min(bytes + client.stashed, little);
  client.output.reserve_uncommitted(bench_.buffers, std::max(bytes, all));
}

void Executor::on_room(ClientConn& client) {
  const Exchange* head = client.line_first;
  if (head && (head->gather || head->settled)) advance(client);
}

void Executor::orphan(ClientConn& client) {
  if (client.held) drop_held(client);
  while (Exchange* exchange = client.line_first) leave_line(client, *exchange);
}

void Executor::answer(ClientConn& client, Bytes text) {
  if (client.line_first) {
    Request none;
    Exchange& exchange = open(client, none);
    exchange.settled = true;
    stash(exchange, exchange.first, text);
    return;
  }
  client.output.append(bench_.buffers, text);
  clients_->touch(client);
}

// --- Requests of one key --------------------------------------------------

// `again`: what was counted already.
const route::Plan& Executor::plan(const ClientConn& client, Effect effect, Bytes key, bool again) {
  const route::Question question{key, effect, bench_.plans_chance.next()};
  plan_.clear();
  const route::Route& route = *clients_->listener(client).route;
  route.plan(question, bench_.live, plan_);
  if (again) [[unlikely]]
    return plan_;
  metrics::PoolCounters& counters = *bench_.pool_counters[route.pool().number];
  counters[nobody_serves(route.pool()) ? PoolMetric::no_server : PoolMetric::requests].add();
  return plan_;
}

// Neither the owner of a key nor anybody else: all are out by hand, say.
bool Executor::nobody_serves(const pool::Pool& pool) const {
  if (plan_.empty()) return true;
  const route::PoolLive& now = bench_.live[pool.number];
  if (now.all_up) [[likely]]
    return false;
  const route::Part& step = plan_.leaf();
  return !step.stand_in && !now.live.live(step.member) && now.live.count() == 0;
}

// on_read_error = "miss" is for reads, also those that touch what they find.
bool Executor::may_miss(const config::Pool& settings, const Request& request) {
  return settings.on_read_error == config::OnReadError::miss &&
         (request.effect == Effect::reads || request.many_keys);
}

// on_write_error = "not_stored": what is told then says nothing of whether it was done, so it
// counts as told nothing (Exchange::fails_unstored): its key is owed. What servers say is told as
// it is. For all that is no read and has one key.
bool Executor::has_write_miss(const Request& request) {
  return request.effect != Effect::reads && !request.many_keys;
}

Exchange& Executor::open_single(ClientConn& client, const Request& request, Bytes told) {
  Exchange& exchange = open(client, request);
  exchange.key.set(bench_.buffers, request.key);
  exchange.memo.set(bench_.buffers, request.memo);
  exchange.first.stash.append(bench_.buffers, told);
  return exchange;
}

bool Executor::start_single(ClientConn& client, const Request& request, Place place, Bytes told) {
  const HashedKey key(dialect(client), request);
  Exchange* const woken = client.held;
  RINGWAY_ASSERT(!woken || client.held_input == HeldInput::woken);
  Exchange& exchange = woken ? *woken : open_single(client, request, told);
  // Noted when it began to wait for the stand-in.
  const bool owed_before = woken && woken->first.stand_in;
  exchange.may_wait = place == Place::input;
  if (woken) [[unlikely]]
    wait_no_more(client);

  const route::Plan& plan = this->plan(client, request.effect, key.get(), woken != nullptr);
  const pool::Pool& pool = clients_->listener(client).route->pool();
  exchange.misses_errors = may_miss(pool.settings, request);
  if (pool.settings.on_write_error == config::OnWriteError::not_stored) [[unlikely]]
    exchange.fails_unstored = has_write_miss(request);
  if (plan.empty()) {
    fail_single(exchange, of_pool(pool.name(), nobody_serves_text));
    return true;
  }
  const route::Part& step = plan.leaf();
  if (!bench_.live[pool.number].all_up && !owed_before) [[unlikely]]
    owe(step, request.effect, key.get());
  exchange.retry_safe =
      request.effect == Effect::reads && request.retry_safe && pool.settings.read_retries > 0;
  if (step.stand_in || request.cas_given) [[unlikely]] {
    Request adapted = request;
    return !adapt_to_stand_in(exchange, step, adapted) || ask_single(exchange, step, adapted);
  }
  return ask_single(exchange, step, request);
}

bool Executor::ask_single(Exchange& exchange, const route::Part& step, const Request& request) {
  Servers::Refusal refusal;
  exchange.first.server = step.server;
  exchange.first.stand_in = step.stand_in;
  ServerConn* conn = connection(exchange, step.server, refusal);
  if (!conn) [[unlikely]]
    return refuse_single(exchange, step, refusal);
  if (conn->link.entry->owes()) [[unlikely]]
    pay_first(*conn, exchange);
  write_request(*conn, request);
  ++exchange.fragments_asked;
  const Effect effect = request.effect;
  if (effect == Effect::reads || effect == Effect::touches) count_asked(exchange, 1);
  servers_->queued(*conn, exchange.first);
  if (step.stand_in) [[unlikely]]
    servers_->counters(step.server)[ServerMetric::stand_ins].add();
  start_deadline(exchange, pool_of(step).settings);
  return true;
}

bool Executor::refuse_single(Exchange& exchange, const route::Part& step,
                             Servers::Refusal& refusal) {
  std::string error = of_server(servers_->label(step.server), refusal.why);
  if (refusal.full) {
    if (exchange.may_wait && may_wait(*exchange.client, step.server)) {
      hold_single(exchange, step);
      return false;
    }
    error = full_for(step.server, pool_of(step).settings.timeout);
    servers_->counters(step.server)[ServerMetric::shed].add();
  }
  exchange.first.lane = servers_->lane(step.server, exchange.client->handle.index);
  give_up(exchange, false);
  fail_single(exchange, std::move(error));
  return true;
}

// One client's requests to one server always take the same connection, so that it
// reads what it wrote.
ServerConn* Executor::connection(const Exchange& exchange, pool::ServerId server,
                                 Servers::Refusal& refusal) {
  ClientConn& client = *exchange.client;
  const bool woken = client.turn_left > 0 && takes_turn(client, server);
  return servers_->connection(server, client.handle.index, exchange.command, woken, refusal);
}

void Executor::write_request(ServerConn& conn, const Request& request) {
  const proto::Dialect& dialect = *conn.link.dialect;
  const std::size_t room = dialect.room(request);
  char* out = conn.output.reserve(bench_.buffers, room);
  const auto written = static_cast<std::size_t>(dialect.write(request, out) - out);
  RINGWAY_ASSERT(written <= room);
  conn.output.advance(written);
}

void Executor::start_deadline(Exchange& exchange, const config::Pool& settings) {
  if (exchange.deadline_link.linked() || !settings.timeout) return;
  deadlines_.add(exchange, bench_.now, *settings.timeout);
}

bool Executor::on_head(Fragment& fragment, const Piece& head) {
  Exchange& exchange = *fragment.exchange;
  if (exchange.gather) return gather_head(exchange, fragment, head);
  single_head(exchange, head);
  return true;
}

void Executor::on_body(Fragment& fragment, Bytes bytes) {
  Exchange& exchange = *fragment.exchange;
  count_arrived(fragment, bytes.size());
  if (exchange.gather) return gather_body(exchange, fragment, bytes);
  if (!exchange.reply_hidden) append_reply(exchange, bytes);
}

void Executor::single_head(Exchange& exchange, const Piece& piece) {
  exchange.refused |= piece.older_remains;
  if (exchange.misses_errors && is_error(piece.outcome)) {
    if (told(exchange)) fail_single(exchange, {});  // As a miss.
    return;
  }
  exchange.first.begun = true;
  const bool hidden = exchange.silent || piece.told.empty();
  exchange.reply_hidden = hidden;
  if (piece.has_body && told(exchange)) {
    const std::string_view refusal = no_room(exchange, piece.value_bytes);
    if (!refusal.empty()) return fail_single(exchange, std::string(refusal));
    if (!hidden) expect(exchange.first, piece.value_bytes);
    exchange.large = piece.value_bytes > clients_->listener(*exchange.client).settings.stream_min;
    if (exchange.large && at_head(exchange)) exchange.streaming = true;
    if (!hidden) make_room(exchange, piece);
  }
  if (!hidden) append_reply(exchange, told_of(exchange.first, piece));
}

// For the whole reply at once, within reason: growing would copy it again.
void Executor::make_room(Exchange& exchange, const Piece& piece) {
  const std::size_t whole = piece.consumed +
                            std::min<std::uint64_t>(piece.value_bytes, room_bytes_max) +
                            room_behind_bytes;
  const bool direct = at_head(exchange) && exchange.first.stash.empty();
  if (direct) return make_room(*exchange.client, whole);
  exchange.first.stash.reserve(bench_.buffers, whole);
}

void Executor::on_body_end(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  if (exchange.gather) gather_body_end(exchange, fragment);
}

// At the head of the line bytes go straight into the client's output: committed
// at once if they stream, at the reply's end otherwise.
void Executor::append_reply(Exchange& exchange, Bytes bytes) {
  if (!told(exchange)) return;
  ClientConn& client = *exchange.client;
  if (!exchange.direct && at_head(exchange) && exchange.first.stash.empty()) exchange.direct = true;
  if (!exchange.direct) return stash(exchange, exchange.first, bytes);
  client.output.append_uncommitted(bench_.buffers, bytes);
  if (!exchange.streaming) return;
  client.output.commit();
  clients_->touch(client);
}

// Whoever is told may end here: the exchange is not to be used afterwards.
void Executor::on_answered(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.fragments_asked > 0);
  RINGWAY_ASSERT(fragment.announced == 0);
  --exchange.fragments_asked;
  fragment.state = FragmentState::settled;
  if (exchange.internal) return on_internal_over(exchange, true, {});
  if (exchange.refused || fragment.pays || fragment.overtaken) [[unlikely]]
    settle_debts(fragment);
  if (!told(exchange)) return release_if_over(exchange);
  if (!exchange.gather) return settle_single(exchange);
  // All answers of the group are here: what it may still wait for is its turn.
  if (group_settled(*exchange.gather)) on_group_settled(exchange);
  if (at_head(exchange)) advance(*exchange.client);
}

// What cannot leave yet counts against its client, who asked for it.
void Executor::stash(Exchange& exchange, Fragment& fragment, Bytes bytes) {
  fragment.stash.append(bench_.buffers, bytes);
  exchange.stashed += bytes.size();
  if (exchange.client) exchange.client->stashed += bytes.size();
}

// It went on into the client's output, which counts it from now on, or was forgotten.
void Executor::count_out(Exchange& exchange, std::uint64_t bytes) {
  RINGWAY_ASSERT(exchange.client && exchange.stashed >= bytes);
  exchange.stashed -= bytes;
  exchange.client->stashed -= bytes;
}

// With its CRLF, which a body includes.
void Executor::expect_large(Fragment& fragment, std::uint64_t value_bytes) {
  RINGWAY_ASSERT(told(*fragment.exchange) && fragment.announced == 0);
  fragment.announced = value_bytes + 2;
  fragment.exchange->client->announced += fragment.announced;
  bench_.memory.promise(fragment.announced);
}

void Executor::count_arrived_of_large(Fragment& fragment, std::uint64_t bytes) {
  ClientConn* client = fragment.exchange->client;
  RINGWAY_ASSERT(client && client->announced >= bytes && fragment.announced >= bytes);
  fragment.announced -= bytes;
  client->announced -= bytes;
  bench_.memory.keep_promise(bytes);
}

void Executor::expect_no_more(Fragment& fragment) {
  count_arrived(fragment, fragment.announced);
}

void Executor::expect_nothing_of(Exchange& exchange) {
  Fragment* fragment = exchange.gather ? exchange.gather->fragments : &exchange.first;
  for (; fragment; fragment = fragment->sibling) expect_no_more(*fragment);
}

// Why a value of that size may not wait for its turn; empty if it may.
std::string_view Executor::no_room(const Exchange& exchange, std::uint64_t bytes) const {
  const ClientConn& client = *exchange.client;
  const std::uint64_t most = clients_->listener(client).settings.client_output_max;
  const std::uint64_t held = client.stashed + client.output.size();
  // What other servers have begun to send comes, too.
  if (held + client.announced + bytes > most) return reply_too_large;
  const bool alone = bytes <= Clients::modest_bytes_max || bench_.memory.promised() == 0;
  if (!bench_.memory.is_short() && (alone || !bench_.memory.is_exhausted(bytes))) [[likely]]
    return {};
  const bool modest = std::min(bytes, held) <= Clients::modest_bytes_max;
  const bool small = std::max(bytes, held) <= Clients::modest_bytes_max;
  if (small ? !bench_.memory.is_exhausted() : modest && !bench_.memory.is_over(bytes)) return {};
  bench_.count(WorkerMetric::requests_shed).add();
  return no_memory;
}

void Executor::settle_single(Exchange& exchange) {
  exchange.settled = true;
  exchange.deadline_link.leave();
  count_asked(exchange, 0);
  if (at_head(exchange)) advance(*exchange.client);
}

void Executor::on_failed(Fragment& fragment, Bytes what, Bytes unsent) {
  Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.fragments_asked > 0);
  --exchange.fragments_asked;
  if (exchange.internal) return on_internal_over(exchange, false, what);
  if (may_send_anew(fragment, unsent) && send_anew(exchange, unsent)) return;
  if (!exchange.gather) give_up_failed(fragment);
  if (!told(exchange)) {
    if (exchange.gather && !fragment.late) count_unconfirmed(fragment);
    fragment.state = FragmentState::settled;
    return release_if_over(exchange);
  }
  if (may_retry(fragment)) {
    if (!exchange.gather) {
      if (retry_single(exchange)) return;
    } else if (affords_retry(exchange)) {
      ask_anew(fragment, true);
    }
  }
  std::string why = of_server(servers_->label(fragment.server), what);
  if (!exchange.gather) return fail_single(exchange, std::move(why));
  if (fragment.state == FragmentState::asked && !fail_slots(fragment, refusal(exchange, why))) {
    return break_stream(exchange);
  }
  if (group_settled(*exchange.gather)) on_group_settled(exchange);
  if (at_head(exchange)) advance(*exchange.client);
}

// Nobody waited for it any more.
void Executor::on_withdrawn(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.fragments_asked > 0 && !exchange.internal);
  --exchange.fragments_asked;
  fragment.state = FragmentState::settled;
  release_if_over(exchange);
}

// What already left cannot become an error any more: the client's stream breaks.
void Executor::break_stream(Exchange& exchange) {
  bench_.count(WorkerMetric::request_errors).add();
  bench_.count(WorkerMetric::streams_broken).add();
  clients_->retire(*exchange.client);
}

// `why` in words of ringway's own; the server's error, told as a miss, needs none.
void Executor::fail_single(Exchange& exchange, std::string_view why) {
  RINGWAY_ASSERT(told(exchange));
  expect_no_more(exchange.first);
  if (exchange.streaming) return break_stream(exchange);
  bench_.count(WorkerMetric::request_errors).add();
  if (std::exchange(exchange.direct, false)) exchange.client->output.take_back(bench_.buffers);
  exchange.large = false;
  // A silent one's stash holds at most what is told whatever comes of it.
  if (!exchange.silent) {
    exchange.first.stash.clear(bench_.buffers);
    count_out(exchange, exchange.stashed);
    stash(exchange, exchange.first, instead(exchange, why));
  }
  settle_single(exchange);
}

// What is told instead of a reply.
std::string Executor::instead(const Exchange& exchange, std::string_view why) const {
  const proto::Dialect& words = dialect(*exchange.client);
  if (exchange.misses_errors) return words.miss(exchange.asked());
  if (exchange.fails_unstored) return words.unstored(exchange.asked());
  return words.refusal(why);
}

std::string Executor::refusal(const Exchange& exchange, std::string_view why) const {
  return dialect(*exchange.client).refusal(why);
}

}  // namespace ringway::proxy
