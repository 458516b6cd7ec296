// The life of client connections. Only the handlers called by the worker's
// dispatch act on a connection's end; deeper code sets flags and touches it.
#include "clients/clients.h"

#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "ringway/config/units.h"
#include "ringway/proto/foreign.h"

#include "exchange/error_text.h"
#include "log/log.h"

namespace ringway::proxy {

using metrics::WorkerMetric;
using proto::ParsedRequest;
using proto::RequestStatus;

namespace {

constexpr proto::RequestLimits no_limits{~std::uint64_t{0}, ~std::uint32_t{0}};

WorkerMetric foreign_of(proto::Protocol protocol) {
  switch (protocol) {
    case proto::Protocol::tls: return WorkerMetric::foreign_tls;
    case proto::Protocol::redis: return WorkerMetric::foreign_redis;
    case proto::Protocol::proxy: return WorkerMetric::foreign_proxy;
    default: return WorkerMetric::foreign_binary;
  }
}

bool count_in(std::atomic<std::uint32_t>& count, std::uint32_t most) {
  if (count.fetch_add(1, std::memory_order_relaxed) < most) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

net::Token Clients::token(net::Op op, const ClientConn& client) const {
  return {.op = op, .generation = client.handle.generation, .index = client.handle.index};
}

void Clients::adopt(const snapshot::Snapshot& before) {
  const auto limits = [](const snapshot::Listener& listener) {
    return std::pair(listener.settings.idle_timeout, listener.settings.client_stall_timeout);
  };
  const bool same = std::ranges::all_of(before.listeners, [&](const snapshot::Listener& was) {
    const snapshot::Listener* is = parts_.snapshot->listener(was.id);
    return !is || limits(was) == limits(*is);
  });
  each([&](ClientConn& client) {
    client.rules = parts_.snapshot->listener(client.listener);
    if (!same && !client.closing) reset_timer(client);
  });
}

ClientConn& Clients::open(int fd, snapshot::ListenerId from) {
  ClientConn& client = conns_.open(fd, from);
  client.rules = parts_.snapshot->listener(from);
  client.timer.owner = &client;
  client.timer.kind = net::TimerKind::client;
  client.progress_at = parts_.now;
  ++client.ops_in_flight;
  parts_.io.recv(token(net::Op::client_recv, client), fd, net::Buffers::client);
  parts_.count(WorkerMetric::clients_accepted).add();
  parts_.count(WorkerMetric::clients).set(conns_.size());
  reset_timer(client);
  if (gate_closed_) pause(client, PauseReason::memory);
  return client;
}

// Counts the client in, or turns it away. With clients_full = "wait" nobody is turned away: whoever
// was accepted has waited already.
bool Clients::admit(ClientConn& client) {
  const config::Listener& settings = listener(client).settings;
  const bool waits = settings.clients_full == config::ClientsFull::wait;
  const std::uint32_t most_here = waits ? ~0u : settings.clients_max.value_or(~0u);
  const std::uint32_t most = waits ? ~0u : parts_.snapshot->config.clients_max;
  std::atomic<std::uint32_t>& admitted_here = parts_.loads[client.listener].admitted;
  client.admitted = count_in(admitted_here, most_here);
  if (client.admitted && !count_in(parts_.loads.admitted, most)) {
    admitted_here.fetch_sub(1, std::memory_order_relaxed);
    client.admitted = false;
  }
  if (!client.admitted) say_rejected(client);
  return client.admitted;
}

void Clients::say_rejected(const ClientConn& client) {
  parts_.count(WorkerMetric::clients_rejected).add();
  const std::uint32_t all = parts_.snapshot->config.clients_max;
  const std::uint32_t here = listener(client).settings.clients_max.value_or(all);
  warn(client, {.name = "client_rejected"}, "clients_max",
       here < all ? fmt::format("turned a client away: clients_max ({}) is reached", here)
                  : fmt::format("turned a client away: there are as many ({}) as the file limit "
                                "leaves room for",
                                all));
}

ClientConn& Clients::land(const net::Completion& done) {
  ClientConn* client = conns_.find({done.token.index, done.token.generation});
  RINGWAY_ASSERT(client && "a completion names a living connection");
  if (done.last) {
    RINGWAY_ASSERT(client->ops_in_flight > 0);
    if (--client->ops_in_flight == 0 && client->closing) dead_.push_back(client);
  }
  return *client;
}

void Clients::on_received(const net::Completion& done) {
  ClientConn& client = land(done);
  if (client.closing) return;
  if (done.result <= 0) return on_input_ended(client, -done.result);
  RINGWAY_ASSERT(!done.bytes.empty());
  parts_.count(WorkerMetric::client_bytes_read).add(done.bytes.size());
  client.moved += done.bytes.size();
  // Who does not read makes no progress by speaking.
  if (client.output.empty()) client.progress_at = parts_.now;
  client.heard = true;
  if (client.finishing) return linger(client, done.bytes.size());
  take(client, done.bytes);
}

// The client will say no more (a half-close), but may still wait for answers.
void Clients::on_input_ended(ClientConn& client, int error) {
  client.input_ended = true;
  if (error != 0 || client.lingering) return retire(client);
  // What waits behind a limit was asked before the end, so it is still answered.
  if (client.blocked) return touch(client);
  finish(client);
}

// After the last word the peer may still be speaking; to close on unread bytes
// would reset the connection and lose what it has not read yet.
void Clients::linger(ClientConn& client, std::size_t dropped) {
  if (!client.lingering) return;
  client.lingered_bytes += static_cast<std::uint32_t>(dropped);
  if (client.lingered_bytes > linger_bytes_max) retire(client);
}

void Clients::take(ClientConn& client, Bytes bytes) {
  net::BufferPool& pool = parts_.buffers;
  if (client.half && !client.blocked && parts_.memory.is_exhausted()) [[unlikely]] {
    if (wants_much(client, bytes.size())) refuse_half(client);
  }
  if (client.closing || client.finishing) return;
  if (client.blocked) return take_more_of_waiting(client, bytes);
  if (client.input.empty()) {
    const std::size_t taken = parse(client, bytes);
    if (!client.closing && !client.finishing) keep(client, bytes.substr(taken));
  } else {
    client.input.append(pool, bytes);
    const std::size_t taken = parse(client, client.input.bytes());
    if (!client.closing && !client.finishing) client.input.drop_front(pool, taken);
  }
  touch(client);
}

// A value that was announced gets its room at once, within reason.
void Clients::keep(ClientConn& client, Bytes unfinished) {
  if (unfinished.empty()) return;
  client.input.reserve(parts_.buffers,
                       std::max(unfinished.size(), std::min(needed_, announced_bytes_max)));
  client.input.append(parts_.buffers, unfinished);
}

// Returns true once the client's first bytes show that it speaks text. If they are of another
// protocol it is closed at once, for it would understand no error.
bool Clients::check_protocol(ClientConn& client, Bytes first) {
  const proto::Protocol protocol = proto::protocol_of(first);
  if (protocol == proto::Protocol::unknown_yet) return false;
  client.speaks_text = true;
  if (protocol == proto::Protocol::text) return true;
  parts_.count(foreign_of(protocol)).add();
  const auto [name, hint] = proto::text_of(protocol);
  const std::string peer = parts_.io.peer(client.fd);
  warn(client, {.name = "client_foreign", .client = peer}, name,
       fmt::format("closed {}, which speaks {}: {}", peer, name, hint));
  retire(client);
  return false;
}

void Clients::say_refused(const ClientConn& client, std::string_view key, std::string_view what) {
  warn(client, {.name = "request_refused"}, key, fmt::format("{} refused {}", key, what));
}

void Clients::warn(const ClientConn& client, log::Event event, std::string_view about,
                   std::string_view what) {
  const std::string& name = listener(client).settings.name;
  const std::string key = fmt::format("{} of listener {}", about, name);
  event.listener = name;
  event.cause = what;
  log::write_limited(parts_.loads.lines.ask(key, parts_.now), key, log::Level::warning,
                     fmt::format("listener {}: {}", name, what), std::move(event));
}

// Starts every whole request in `bytes`; returns how many bytes are done with.
std::size_t Clients::parse(ClientConn& client, Bytes bytes) {
  const config::Listener& limits = listener(client).settings;
  const proto::Dialect& dialect = *listener(client).dialect;
  // What there is no memory for is as good as too large.
  std::uint64_t value_max = std::min(limits.value_max, parts_.memory.value_bytes_max());
  if (refusing_) value_max = client.half ? 0 : std::min<std::uint64_t>(value_max, modest_bytes_max);
  proto::RequestLimits present{value_max, limits.keys_per_get_max.value_or(~0u)};
  std::size_t taken = 0;
  needed_ = 0;
  if (!client.speaks_text && !check_protocol(client, bytes)) return 0;
  ParsedRequest parsed;
  while (!client.closing && !client.finishing && taken < bytes.size()) {
    if (client.swallow > 0) {
      const std::size_t skipped = std::min<std::uint64_t>(client.swallow, bytes.size() - taken);
      client.swallow -= skipped;
      taken += skipped;
      continue;
    }
    if (client.swallows_line) {
      const std::size_t end = bytes.find('\n', taken);
      client.swallows_line = end == bytes.npos;
      taken = client.swallows_line ? bytes.size() : end + 1;
      continue;
    }
    if (const auto limit = limit_of(client)) {
      client.blocked = true;
      pause(client, *limit);
      break;
    }
    parsed.scanned = std::exchange(client.scanned, 0);
    const bool accepted_before = client.held_input != HeldInput::none;
    dialect.parse(bytes.substr(taken), accepted_before ? no_limits : present, parsed);
    if (parsed.status == RequestStatus::incomplete) {
      if (refusing_ && client.half && is_long_line(client, parsed, bytes.size() - taken)) {
        refuse_line(client);
        taken = bytes.size();
        break;
      }
      client.scanned = parsed.scanned;
      needed_ = parsed.needed;
      if (!begin_half(client, bytes.size() - taken)) needed_ = 0;
      break;
    }
    if (client.half) {
      end_half(client);
      if (refusing_)
        present.value_max = std::min<std::uint64_t>(limits.value_max, modest_bytes_max);
    }
    if (parsed.status == RequestStatus::complete) {
      if (!begin(client, parsed.request)) {
        client.blocked = true;
        break;
      }
      taken += parsed.consumed;
      continue;
    }
    taken += parsed.consumed;
    if (!accept_parsed(client, parsed)) break;
  }
  client.begun_bytes -= std::min(client.begun_bytes, taken);
  return taken;
}

// Hands a request on. False if it waits for a full queue: then it stays in the input.
bool Clients::begin(ClientConn& client, const proto::Request& request) {
  if (client.held_input == HeldInput::expired) [[unlikely]] {
    client.held_input = HeldInput::none;
    return true;
  }
  return proxy::on_request(executor_, client, request);
}

// Answers input that is no request. False if the client is read no further after it.
bool Clients::accept_parsed(ClientConn& client, const ParsedRequest& parsed) {
  if (parsed.status == RequestStatus::closed) {
    finish(client);
    return false;
  }
  parts_.count(WorkerMetric::requests_rejected).add();
  client.swallow = parsed.swallow;
  reset_timer(client);
  const std::string error = error_of(client, parsed);
  if (!parsed.unlink_key.empty() || is_owed(client, parsed)) {
    proxy::unlink(executor_, client, parsed.request, error);
  } else if (!error.empty()) {
    line_.answer(client, error);
  }
  if (parsed.status == RequestStatus::refused) finish(client);
  return parsed.status == RequestStatus::rejected;
}

// True if ringway refused a value that its server would have taken, and nobody is told: what it was
// to replace must go then. If the server would have refused it too, the old value stays there as
// well.
bool Clients::is_owed(const ClientConn& client, const ParsedRequest& parsed) const {
  using proto::IfLost;
  const IfLost if_lost = parsed.request.if_lost;
  const bool older = if_lost == IfLost::owed || if_lost == IfLost::owed_untold;
  return is_ours(client, parsed) && parsed.error.empty() && older;
}

bool Clients::is_ours(const ClientConn& client, const ParsedRequest& parsed) const {
  return parsed.value_bytes > 0 && parsed.value_bytes <= listener(client).settings.value_max;
}

// A value that is too large only because memory is short hears just that.
std::string Clients::error_of(const ClientConn& client, const ParsedRequest& parsed) {
  const std::uint64_t value_max = listener(client).settings.value_max;
  if (!is_ours(client, parsed)) {
    if (parsed.value_bytes > 0) {
      say_refused(client, "value_max",
                  fmt::format("a value of {} bytes: it is {}", parsed.value_bytes,
                              config::print_size(value_max)));
    }
    return parsed.error.empty() ? std::string() : std::string(parsed.error) + "\r\n";
  }
  parts_.count(WorkerMetric::requests_shed).add();
  return parsed.error.empty() ? std::string() : listener(client).dialect->refusal(no_memory);
}

// Why no further request of the client may be begun, if there is a reason. A request that has
// waited for a full queue was within the limits when it came, so it may go on.
std::optional<PauseReason> Clients::limit_of(const ClientConn& client) const {
  const bool came_before =
      client.held_input == HeldInput::woken || client.held_input == HeldInput::expired;
  if (came_before) return std::nullopt;
  if (client.pauses.holds(PauseReason::server_queue)) return PauseReason::server_queue;
  if (client.asks_later) return PauseReason::own;
  const config::Listener& limits = listener(client).settings;
  const Memory& memory = parts_.memory;
  const bool waits = client.wanted > 0 || gate_closed_ || memory.is_full();
  if (waits && !client.half && overruled_ != &client) return PauseReason::memory;
  const std::uint64_t held = client.output.held() + client.stashed;
  if (memory.is_short() && held > modest_bytes_max) return PauseReason::memory;
  // Whatever is asked for may come at once, and no reader is sure to take it.
  if (client.keys_asked >= limits.keys_per_ask) return PauseReason::own;
  if (client.line_count >= limits.client_in_flight_max) return PauseReason::own;
  if (held >= limits.client_output_high) return PauseReason::own;
  return std::nullopt;
}

void Clients::pause(ClientConn& client, PauseReason reason) {
  if (client.closing || client.finishing) return;
  if (reason == PauseReason::memory) join_waiting(client);
  if (!client.pauses.begin(reason)) return;
  paused_.begin(reason, parts_.now);
  touch(client);
}

void Clients::resume(ClientConn& client, PauseReason reason) {
  if (!client.pauses.end(reason)) return;
  paused_.end(reason, parts_.now);
  if (reason == PauseReason::memory) leave_waiting(client);
  if (client.half) client.looks_still = 0;
  touch(client);
}

void Clients::end_pauses(ClientConn& client) {
  if (!client.pauses.any()) return;
  for (std::size_t i = 0; i < pause_reasons; ++i) resume(client, static_cast<PauseReason>(i));
}

// True if a limit still stops the client, be it another one than before.
bool Clients::blocked_still(ClientConn& client) {
  const auto limit = limit_of(client);
  for (const PauseReason reason : {PauseReason::own, PauseReason::memory}) {
    if (limit != reason) resume(client, reason);
  }
  if (limit) pause(client, *limit);
  return limit.has_value();
}

void Clients::go_on(ClientConn& client) {
  proxy::on_room(executor_, client);
  if (!client.blocked || client.closing || client.finishing || blocked_still(client)) return;
  client.blocked = false;
  const std::size_t taken = parse(client, client.input.bytes());
  if (client.closing || client.finishing) return;
  client.input.drop_front(parts_.buffers, taken);
  if (client.input_ended && !client.blocked) finish(client);
}

void Clients::resume_blocked() {
  mind_memory();
  // By index, for whoever is touched meanwhile is looked at, too.
  const std::vector<ClientConn*>& touched = line_.touched();
  for (std::size_t i = 0; i < touched.size(); ++i) {
    ClientConn& client = *touched[i];
    const bool waits = client.blocked || client.line_first;
    if (waits && !client.closing) go_on(client);
  }
}

void Clients::flush() {
  const std::vector<ClientConn*>& touched = line_.touched();
  for (std::size_t i = 0; i < touched.size(); ++i) {
    ClientConn& client = *touched[i];
    client.touched = false;
    if (!client.closing) say(client);
  }
  line_.touched().clear();
}

void Clients::say(ClientConn& client) {
  RINGWAY_ASSERT(!client.closing);
  const config::Listener& limits = listener(client).settings;
  if (client.output.size() > limits.client_output_max) {
    parts_.count(WorkerMetric::clients_overrun).add();
    return retire(client);
  }
  if (client.output.ready()) {
    client.progress_at = parts_.now;
    const Bytes bytes = client.output.begin_send(parts_.buffers);
    parts_.io.send(token(net::Op::client_send, client), client.fd, {&bytes, 1});
    ++client.ops_in_flight;
    reset_timer(client);
  }
  if (client.read_out && !client.blocked && client.begun_bytes == 0 && client.swallow == 0) {
    client.finishing = true;
    end_half(client);
    end_pauses(client);
    client.input.clear(parts_.buffers);
  }
  if (client.finishing && !client.lingering && !client.line_first && client.output.empty()) {
    return end_output(client);
  }
  if (gate_closed_ && between_requests(client)) pause(client, PauseReason::memory);
  update_reading(client);
}

void Clients::on_sent(const net::Completion& done) {
  ClientConn& client = land(done);
  const std::size_t count = client.output.sent(parts_.buffers);
  if (client.closing) return;
  if (done.result < 0) return retire(client);
  parts_.count(WorkerMetric::client_bytes_sent).add(count);
  client.moved += count;
  if (!client.half && client.output.empty()) client.looks_still = 0;
  client.progress_at = parts_.now;
  reset_timer(client);
  touch(client);
}

// A client behind a limit is not read: TCP then slows it down.
void Clients::update_reading(ClientConn& client) {
  if (client.input_ended) return;
  const bool pause = client.pauses.any();
  if (pause == client.paused) return;
  client.paused = pause;
  if (pause) return parts_.io.pause(client.fd);
  parts_.io.resume(client.fd);
  // What it owes it could not say until now.
  if (client.output.empty()) client.progress_at = parts_.now;
  reset_timer(client);
}

void Clients::finish(ClientConn& client) {
  if (client.closing || client.finishing) return;
  RINGWAY_ASSERT(client.held_input == HeldInput::none);
  client.finishing = true;
  client.blocked = false;
  client.swallow = 0;
  client.swallows_line = false;
  end_half(client);
  end_pauses(client);
  touch(client);
}

void Clients::reject(ClientConn& client, std::uint32_t kept) {
  finish(client);
  rejected_.push_back(client);
  ++rejected_count_;
  rejected_kept_ = kept;
  end_rejected();
}

// The oldest first, but nobody who was not told yet.
void Clients::end_rejected() {
  while (rejected_count_ > rejected_kept_ && rejected_.front()->lingering) {
    retire(*rejected_.front());
  }
}

void Clients::retire(ClientConn& client) {
  if (client.closing) return;
  end_half(client);
  end_pauses(client);
  client.closing = true;
  if (client.rejected_link.linked()) --rejected_count_;
  client.rejected_link.leave();
  parts_.timers.stop(client.timer);
  proxy::orphan(executor_, client);
  RINGWAY_ASSERT(client.line_first == nullptr);
  if (client.ops_in_flight == 0) return dead_.push_back(&client);
  parts_.io.shutdown(client.fd);
  parts_.io.cancel(client.fd);
}

std::uint32_t Clients::reap() {
  paused_.move_on(parts_.now);
  const std::vector<ClientConn*> dead = std::exchange(dead_, {});
  for (ClientConn* client : dead) {
    RINGWAY_ASSERT(client->closing && client->ops_in_flight == 0);
    ListenerLoad& load = parts_.loads[client->listener];
    if (client->admitted) {
      load.admitted.fetch_sub(1, std::memory_order_relaxed);
      parts_.loads.admitted.fetch_sub(1, std::memory_order_relaxed);
    }
    parts_.io.close(client->fd);
    load.clients.fetch_sub(1, std::memory_order_release);
    parts_.loads.clients.fetch_sub(1, std::memory_order_release);
    client->input.clear(parts_.buffers);
    client->output.clear(parts_.buffers);
    conns_.release(*client);
  }
  parts_.count(WorkerMetric::clients).set(conns_.size());
  parts_.count(WorkerMetric::buffer_bytes).set(parts_.buffers.lent_bytes());
  return static_cast<std::uint32_t>(dead.size());
}

// True if the client has begun a request and could go on with it: ringway reads it.
bool Clients::owes_rest(const ClientConn& client) const {
  const bool begun = client.half || client.swallow > 0 || client.swallows_line;
  return begun && !client.pauses.any() && !client.finishing;
}

// One timer, for whichever limit comes first: the end of lingering, a reader that takes
// nothing, a writer that owes the rest of a request, a client that asks nothing. It may fire
// early and look again.
Instant Clients::next_limit(const ClientConn& client) const {
  const config::Listener& limits = listener(client).settings;
  const bool owes = client.output.sending() || owes_rest(client);
  const config::MaybeTime limit = owes ? limits.client_stall_timeout : limits.idle_timeout;
  return std::min(limit ? client.progress_at + *limit : never, client.look_at);
}

void Clients::reset_timer(ClientConn& client) {
  const Instant at = client.lingering ? client.linger_ends : next_limit(client);
  if (at == never || (client.timer.set() && client.timer.at <= at)) return;
  parts_.timers.set(client.timer, at);
}

void Clients::on_timer(net::Timer& timer) {
  ClientConn& client = *static_cast<ClientConn*>(timer.owner);
  if (client.closing) return;
  if (client.lingering && client.linger_ends <= parts_.now) return retire(client);
  if (client.look_at <= parts_.now) look_whether_read_out(client);
  const Instant at = next_limit(client);
  if (at > parts_.now) return reset_timer(client);
  if (client.output.sending()) {
    parts_.count(WorkerMetric::clients_stalled).add();
    return retire(client);
  }
  if (owes_rest(client)) {
    parts_.count(WorkerMetric::clients_stalled).add();
    finish(client);
    return client.input.clear(parts_.buffers);
  }
  // Whoever waits for an answer is not idle, nor who is not read, nor who asks at this moment.
  if (client.line_first || client.pauses.any() ||
      (!client.input_ended && parts_.io.unread(client.fd))) {
    client.progress_at = parts_.now;
    return reset_timer(client);
  }
  parts_.count(WorkerMetric::clients_idled).add();
  finish(client);
}

}  // namespace ringway::proxy
