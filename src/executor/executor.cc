// Requests of one key: asked, put together as their reply arrives, failed. See exchange.h for the
// drawing; line.h for how replies leave, gather.cc for requests of several keys.
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
// Room for what may stand behind a value: two line ends and a word.
constexpr std::size_t room_behind_bytes = 7;

}  // namespace

bool Executor::on_request(ClientConn& client, const Request& request) {
  if (client.held_input == HeldInput::woken) [[unlikely]]
    return start_single(client, request, Place::input);
  parts_.count(WorkerMetric::requests).add();
  parts_.count(WorkerMetric::keys).add(request.key_count);
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

void Executor::advance(ClientConn& client) {
  while (Exchange* head = line_.advance(client)) ask_next(*head);
}

void Executor::on_room(ClientConn& client) {
  const Exchange* head = client.line_first;
  if (head && (head->gather || head->settled)) advance(client);
}

void Executor::orphan(ClientConn& client) {
  if (client.held) drop_held(client);
  line_.orphan(client);
}

// --- Requests of one key --------------------------------------------------

// `again`: the request was planned before, so the pool has counted it.
const route::Plan& Executor::plan(const ClientConn& client, Effect effect, Bytes key, bool again) {
  const route::Question question{key, effect, parts_.plans_chance.next()};
  plan_.clear();
  const route::Route& route = *client.rules->route;
  route.plan(question, parts_.live, plan_);
  if (again) [[unlikely]]
    return plan_;
  metrics::PoolCounters& counters = *parts_.pool_counters[route.pool().number];
  counters[nobody_serves(route.pool()) ? PoolMetric::no_server : PoolMetric::requests].add();
  return plan_;
}

// True if neither the owner of the key nor anybody else in the pool takes traffic: all are out by
// hand, say.
bool Executor::nobody_serves(const pool::Pool& pool) const {
  if (plan_.empty()) return true;
  const route::PoolLive& now = parts_.live[pool.number];
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
  Exchange& exchange = line_.open(client, request);
  exchange.key.set(parts_.buffers, request.key);
  exchange.memo.set(parts_.buffers, request.memo);
  exchange.first.stash.append(parts_.buffers, told);
  return exchange;
}

bool Executor::start_single(ClientConn& client, const Request& request, Place place, Bytes told) {
  const HashedKey key(dialect(client), request);
  Exchange* const woken = client.held;
  RINGWAY_ASSERT(!woken || client.held_input == HeldInput::woken);
  Exchange& exchange = woken ? *woken : open_single(client, request, told);
  // If it has waited for a stand-in before, its home's debt was noted then.
  const bool owed_before = woken && woken->first.stand_in;
  exchange.may_wait = place == Place::input;
  if (woken) [[unlikely]]
    wait_no_more(client);

  const route::Plan& plan = this->plan(client, request.effect, key.get(), woken != nullptr);
  const pool::Pool& pool = client.rules->route->pool();
  exchange.misses_errors = may_miss(pool.settings, request);
  if (pool.settings.on_write_error == config::OnWriteError::not_stored) [[unlikely]]
    exchange.fails_unstored = has_write_miss(request);
  if (plan.empty()) {
    fail_single(exchange, of_pool(pool.name(), nobody_serves_text));
    return true;
  }
  const route::Part& step = plan.leaf();
  if (!parts_.live[pool.number].all_up && !owed_before) [[unlikely]]
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
  if (effect == Effect::reads || effect == Effect::touches) line_.count_asked(exchange, 1);
  servers_.queued(*conn, exchange.first);
  if (step.stand_in) [[unlikely]]
    servers_.counters(step.server)[ServerMetric::stand_ins].add();
  start_deadline(exchange, pool_of(step).settings);
  return true;
}

bool Executor::refuse_single(Exchange& exchange, const route::Part& step,
                             Servers::Refusal& refusal) {
  std::string error = of_server(servers_.label(step.server), refusal.why);
  if (refusal.full) {
    if (exchange.may_wait && may_wait(*exchange.client, step.server)) {
      hold_single(exchange, step);
      return false;
    }
    error = full_for(step.server, pool_of(step).settings.timeout);
    servers_.counters(step.server)[ServerMetric::shed].add();
  }
  exchange.first.lane = servers_.lane(step.server, exchange.client->handle.index);
  give_up(exchange, false);
  fail_single(exchange, std::move(error));
  return true;
}

// If the client was woken for this server, one request of its turn is used up, also by a refusal.
// Returns the one connection that all its requests to the server take, so that it reads what it
// wrote; null if it may not ask now: `refusal` says why.
ServerConn* Executor::connection(const Exchange& exchange, pool::ServerId server,
                                 Servers::Refusal& refusal) {
  ClientConn& client = *exchange.client;
  const bool woken = client.turn_left > 0 && use_turn(client, server);
  return servers_.connection(server, client.handle.index, exchange.command, woken, refusal);
}

void Executor::write_request(ServerConn& conn, const Request& request) {
  const proto::Dialect& dialect = *conn.link.dialect;
  const std::size_t room = dialect.room(request);
  char* out = conn.output.reserve(parts_.buffers, room);
  const auto written = static_cast<std::size_t>(dialect.write(request, out) - out);
  RINGWAY_ASSERT(written <= room);
  conn.output.advance(written);
}

void Executor::start_deadline(Exchange& exchange, const config::Pool& settings) {
  if (exchange.deadline_link.linked() || !settings.timeout) return;
  deadlines_.add(exchange, parts_.now, *settings.timeout);
}

bool Executor::on_head(Fragment& fragment, const Piece& head) {
  Exchange& exchange = *fragment.exchange;
  if (exchange.gather) return gather_head(exchange, fragment, head);
  single_head(exchange, head);
  return true;
}

void Executor::on_body(Fragment& fragment, Bytes bytes) {
  Exchange& exchange = *fragment.exchange;
  line_.count_arrived(fragment, bytes.size());
  if (exchange.gather) return gather_body(exchange, fragment, bytes);
  if (!exchange.reply_hidden) line_.append(exchange, bytes);
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
    exchange.large = piece.value_bytes > exchange.client->rules->settings.stream_min;
    if (exchange.large && at_head(exchange)) exchange.streaming = true;
    if (!hidden) make_room(exchange, piece);
  }
  if (!hidden) line_.append(exchange, told_of(exchange.first, piece));
}

// Makes room for the whole reply at once, within reason, for growing would copy it again.
void Executor::make_room(Exchange& exchange, const Piece& piece) {
  const std::size_t whole = piece.consumed +
                            std::min<std::uint64_t>(piece.value_bytes, room_bytes_max) +
                            room_behind_bytes;
  const bool direct = at_head(exchange) && exchange.first.stash.empty();
  if (direct) return line_.make_room(*exchange.client, whole);
  exchange.first.stash.reserve(parts_.buffers, whole);
}

void Executor::on_body_end(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  if (exchange.gather) gather_body_end(exchange, fragment);
}

void Executor::on_answered(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.fragments_asked > 0);
  RINGWAY_ASSERT(fragment.announced == 0);
  --exchange.fragments_asked;
  fragment.state = FragmentState::settled;
  if (exchange.internal) return on_internal_over(exchange, true, {});
  if (exchange.refused || fragment.pays || fragment.overtaken) [[unlikely]]
    settle_debts(fragment);
  if (!told(exchange)) return exchanges_.end_if_over(exchange);
  if (!exchange.gather) return settle_single(exchange);
  // All answers of the group are here: what it may still wait for is its turn.
  if (exchange.gather->group_settled()) on_group_settled(exchange);
  if (at_head(exchange)) advance(*exchange.client);
}

// When a server begins to send a value of that size: says why it may not come for its client
// (client_output_max, or memory is short, which counts as shed); empty if it may.
std::string_view Executor::no_room(const Exchange& exchange, std::uint64_t bytes) const {
  const ClientConn& client = *exchange.client;
  const std::uint64_t most = client.rules->settings.client_output_max;
  const std::uint64_t held = client.stashed + client.output.size();
  // What other servers have begun to send comes, too.
  if (held + client.announced + bytes > most) return reply_too_large;
  const bool alone = bytes <= Clients::modest_bytes_max || parts_.memory.promised() == 0;
  if (!parts_.memory.is_short() && (alone || !parts_.memory.is_exhausted(bytes))) [[likely]]
    return {};
  const bool modest = std::min(bytes, held) <= Clients::modest_bytes_max;
  const bool small = std::max(bytes, held) <= Clients::modest_bytes_max;
  if (small ? !parts_.memory.is_exhausted() : modest && !parts_.memory.is_over(bytes)) return {};
  parts_.count(WorkerMetric::requests_shed).add();
  return no_memory;
}

void Executor::settle_single(Exchange& exchange) {
  line_.settle(exchange);
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
    return exchanges_.end_if_over(exchange);
  }
  if (may_retry(fragment)) {
    if (!exchange.gather) {
      if (retry_single(exchange)) return;
    } else if (affords_retry(exchange)) {
      ask_anew(fragment, true);
    }
  }
  std::string why = of_server(servers_.label(fragment.server), what);
  if (!exchange.gather) return fail_single(exchange, std::move(why));
  if (fragment.state == FragmentState::asked && !fail_slots(fragment, refusal(exchange, why))) {
    return break_stream(exchange);
  }
  if (exchange.gather->group_settled()) on_group_settled(exchange);
  if (at_head(exchange)) advance(*exchange.client);
}

// The fragment was taken out of its FIFO unsent, because its time was over.
void Executor::on_withdrawn(Fragment& fragment) {
  Exchange& exchange = *fragment.exchange;
  RINGWAY_ASSERT(exchange.fragments_asked > 0 && !exchange.internal);
  --exchange.fragments_asked;
  fragment.state = FragmentState::settled;
  exchanges_.end_if_over(exchange);
}

// What already left cannot become an error any more: the client's stream breaks.
void Executor::break_stream(Exchange& exchange) {
  parts_.count(WorkerMetric::request_errors).add();
  parts_.count(WorkerMetric::streams_broken).add();
  clients_.retire(*exchange.client);
}

// `why` is told in ringway's own words, or is empty where a server's error is told as a miss.
void Executor::fail_single(Exchange& exchange, std::string_view why) {
  RINGWAY_ASSERT(told(exchange));
  line_.expect_no_more(exchange.first);
  if (exchange.streaming) return break_stream(exchange);
  parts_.count(WorkerMetric::request_errors).add();
  line_.take_back(exchange, exchange.silent ? std::string() : instead(exchange, why));
  settle_single(exchange);
}

// What the client of a request that failed is told: an error, or what on_read_error and
// on_write_error want.
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
