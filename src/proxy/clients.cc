// The life of client connections. Only the handlers called by the worker's
// dispatch act on a connection's end; deeper code sets flags and touches it.
#include "proxy/clients.h"

#include <algorithm>
#include <utility>

namespace ringway::proxy {

using metrics::WorkerMetric;
using proto::memcached::ParsedRequest;
using proto::memcached::RequestStatus;

net::Token Clients::token(net::Op op, const ClientConn& client) const {
  return {.op = op, .generation = client.handle.generation, .index = client.handle.index};
}

const snapshot::Listener& Clients::listener(const ClientConn& client) const {
  const snapshot::Listener* found = bench_.snapshot->listener(client.listener);
  RINGWAY_ASSERT(found && "a listener stays in the snapshot as long as it has clients");
  return *found;
}

ClientConn& Clients::open(int fd, snapshot::ListenerId from) {
  ClientConn& client = conns_.open(fd, from);
  client.timer.owner = &client;
  client.timer.kind = net::TimerKind::client;
  client.progress_at = bench_.io.now();
  ++client.ops_in_flight;
  bench_.io.recv(token(net::Op::client_recv, client), fd, net::Buffers::client);
  bench_.count(WorkerMetric::clients_accepted).add();
  bench_.count(WorkerMetric::clients).set(conns_.size());
  reset_timer(client);
  return client;
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

void Clients::touch(ClientConn& client) {
  if (!client.closing && !client.touched_link.linked()) touched_.push_back(client);
}

void Clients::on_received(const net::Completion& done) {
  ClientConn& client = land(done);
  if (client.closing) return;
  if (done.result <= 0) return on_input_ended(client, -done.result);
  RINGWAY_ASSERT(!done.bytes.empty());
  bench_.count(WorkerMetric::client_bytes_read).add(done.bytes.size());
  client.progress_at = bench_.io.now();
  if (client.finishing) return linger(client, done.bytes.size());
  take(client, done.bytes);
}

// A client that has said all may still wait for answers: half-close.
void Clients::on_input_ended(ClientConn& client, int error) {
  client.input_ended = true;
  if (error != 0) return retire(client);
  // What waits behind a limit was asked before the end, so it is still answered.
  if (client.blocked) return touch(client);
  finish(client);
}

// After the last word the peer may still be speaking; to close on unread bytes
// would reset the connection and lose what it has not read yet.
void Clients::linger(ClientConn& client, std::size_t dropped) {
  client.lingered_bytes += static_cast<std::uint32_t>(dropped);
  if (client.lingering && client.lingered_bytes > linger_bytes_max) retire(client);
}

void Clients::take(ClientConn& client, Bytes bytes) {
  net::BufferPool& pool = bench_.buffers;
  if (client.blocked) return client.input.append(pool, bytes);
  if (client.input.empty()) {
    const std::size_t taken = parse(client, bytes);
    if (!client.closing && !client.finishing) client.input.append(pool, bytes.substr(taken));
  } else {
    client.input.append(pool, bytes);
    const std::size_t taken = parse(client, client.input.bytes());
    if (!client.closing && !client.finishing) client.input.drop_front(pool, taken);
  }
  touch(client);
}

// Starts every whole request in `bytes`; returns how many bytes are done with.
std::size_t Clients::parse(ClientConn& client, Bytes bytes) {
  const config::Listener& limits = listener(client).settings;
  const proto::memcached::RequestLimits request_limits{limits.value_max, limits.keys_per_get_max};
  std::size_t taken = 0;
  ParsedRequest parsed;
  while (!client.closing && !client.finishing && taken < bytes.size()) {
    if (client.swallow > 0) {
      const std::size_t skipped = std::min<std::uint64_t>(client.swallow, bytes.size() - taken);
      client.swallow -= skipped;
      taken += skipped;
      continue;
    }
    if (!has_room(client)) {
      client.blocked = true;
      break;
    }
    parsed.scanned = std::exchange(client.scanned, 0);
    parse_request(bytes.substr(taken), request_limits, parsed);
    if (parsed.status == RequestStatus::incomplete) {
      if (shed_large(client, bytes.size() - taken, parsed)) return bytes.size();
      client.scanned = parsed.scanned;
      break;
    }
    taken += parsed.consumed;
    if (!accept_parsed(client, parsed)) break;
  }
  return taken;
}

// False if the client takes no more requests after this.
bool Clients::accept_parsed(ClientConn& client, const ParsedRequest& parsed) {
  switch (parsed.status) {
    case RequestStatus::complete: sink_.on_request(client, parsed.request); return true;
    case RequestStatus::closed: finish(client); return false;
    default: break;
  }
  bench_.count(WorkerMetric::requests_rejected).add();
  client.swallow = parsed.swallow;
  if (!parsed.unlink_key.empty()) sink_.unlink(client, parsed.unlink_key);
  if (!parsed.error.empty()) sink_.answer(client, parsed.error);
  if (parsed.status == RequestStatus::refused) finish(client);
  return parsed.status == RequestStatus::rejected;
}

// A large value that is still arriving is refused when memory is short: what came
// of it is given back, the rest is dropped as it comes.
bool Clients::shed_large(ClientConn& client, std::size_t available, const ParsedRequest& parsed) {
  if (parsed.needed <= modest_bytes_max || !bench_.memory_short()) return false;
  RINGWAY_ASSERT(parsed.needed > available);
  bench_.count(WorkerMetric::requests_shed).add();
  client.swallow = parsed.needed - available;
  sink_.answer(client, "SERVER_ERROR out of memory storing object");
  return true;
}

bool Clients::has_room(const ClientConn& client) const {
  const config::Listener& limits = listener(client).settings;
  if (bench_.memory_short() && client.output.size() > modest_bytes_max) return false;
  return client.line_count < limits.client_in_flight_max &&
         client.output.size() < limits.client_output_high;
}

void Clients::resume(ClientConn& client) {
  sink_.on_room(client);
  if (!client.blocked || client.closing || client.finishing || !has_room(client)) return;
  client.blocked = false;
  const std::size_t taken = parse(client, client.input.bytes());
  if (client.closing || client.finishing) return;
  client.input.drop_front(bench_.buffers, taken);
  if (client.input_ended && !client.blocked) finish(client);
}

void Clients::resume_blocked() {
  net::List<ClientConn, &ClientConn::touched_link> looked_at;
  while (ClientConn* client = touched_.pop_front()) {
    looked_at.push_back(*client);
    if (client->output.size() < listener(*client).settings.client_output_high) resume(*client);
    if (client->closing) client->touched_link.leave();
  }
  while (ClientConn* client = looked_at.pop_front()) touch(*client);
}

void Clients::flush() {
  while (ClientConn* client = touched_.pop_front()) say(*client);
  bench_.count(WorkerMetric::buffer_bytes).set(bench_.buffers.lent_bytes());
}

void Clients::say(ClientConn& client) {
  RINGWAY_ASSERT(!client.closing);
  const config::Listener& limits = listener(client).settings;
  if (client.output.size() > limits.client_output_max) {
    bench_.count(WorkerMetric::clients_overrun).add();
    return retire(client);
  }
  if (client.output.ready()) {
    if (client.output.size() == client.output.unsent()) client.progress_at = bench_.io.now();
    const Bytes bytes = client.output.begin_send(bench_.buffers);
    bench_.io.send(token(net::Op::client_send, client), client.fd, {&bytes, 1});
    ++client.ops_in_flight;
    reset_timer(client);
  }
  if (client.finishing && !client.lingering && !client.line_first && client.output.empty()) {
    return end_output(client);
  }
  update_reading(client);
}

void Clients::on_sent(const net::Completion& done) {
  ClientConn& client = land(done);
  const std::size_t count = client.output.sent(bench_.buffers);
  if (client.closing) return;
  if (done.result < 0) return retire(client);
  bench_.count(WorkerMetric::client_bytes_sent).add(count);
  client.progress_at = bench_.io.now();
  touch(client);
}

// A client behind a limit is not read: TCP then slows it down.
void Clients::update_reading(ClientConn& client) {
  if (client.input_ended) return;
  const bool pause = client.blocked && !client.finishing;
  if (pause == client.paused) return;
  client.paused = pause;
  if (!pause) return bench_.io.resume(client.fd);
  bench_.count(WorkerMetric::clients_paused).add();
  bench_.io.pause(client.fd);
}

void Clients::finish(ClientConn& client) {
  if (client.closing || client.finishing) return;
  client.finishing = true;
  client.blocked = false;
  client.swallow = 0;
  touch(client);
}

void Clients::end_output(ClientConn& client) {
  if (client.input_ended) return retire(client);
  client.lingering = true;
  update_reading(client);
  bench_.io.finish_sending(client.fd);
  reset_timer(client);
}

void Clients::retire(ClientConn& client) {
  if (client.closing) return;
  client.closing = true;
  client.touched_link.leave();
  bench_.timers.stop(client.timer);
  sink_.orphan(client);
  RINGWAY_ASSERT(client.line_first == nullptr);
  if (client.ops_in_flight == 0) return dead_.push_back(&client);
  bench_.io.shutdown(client.fd);
  bench_.io.cancel(client.fd);
}

std::uint32_t Clients::reap() {
  const std::vector<ClientConn*> dead = std::exchange(dead_, {});
  for (ClientConn* client : dead) {
    RINGWAY_ASSERT(client->closing && client->ops_in_flight == 0);
    bench_.io.close(client->fd);
    client->input.clear(bench_.buffers);
    client->output.clear(bench_.buffers);
    conns_.release(*client);
  }
  bench_.count(WorkerMetric::clients).set(conns_.size());
  return static_cast<std::uint32_t>(dead.size());
}

// One timer, for whichever limit comes first: the end of lingering, a reader that
// takes nothing, a client that asks nothing.
void Clients::reset_timer(ClientConn& client) {
  const config::Listener& limits = listener(client).settings;
  const Instant now = bench_.io.now();
  if (client.lingering) return bench_.timers.set(client.timer, now + linger_time);
  const config::MaybeTime limit =
      client.output.empty() ? limits.idle_timeout : limits.client_stall_timeout;
  // A timer that is already set looks again when it fires.
  if (limit && !(client.timer.set() && client.timer.at <= now + *limit)) {
    bench_.timers.set(client.timer, now + *limit);
  }
}

void Clients::on_timer(net::Timer& timer) {
  ClientConn& client = *static_cast<ClientConn*>(timer.owner);
  if (client.closing) return;
  if (client.lingering) return retire(client);
  const config::Listener& limits = listener(client).settings;
  const bool owed = !client.output.empty();
  const config::MaybeTime limit = owed ? limits.client_stall_timeout : limits.idle_timeout;
  if (limit && client.progress_at + *limit <= bench_.io.now()) {
    if (owed) {
      bench_.count(WorkerMetric::clients_stalled).add();
      return retire(client);
    }
    if (!client.line_first) {
      bench_.count(WorkerMetric::clients_idled).add();
      return finish(client);
    }
  }
  if (limit) bench_.timers.set(timer, std::max(client.progress_at, bench_.io.now()) + *limit);
}

}  // namespace ringway::proxy
