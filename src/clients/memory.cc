// What clients must do without while memory is short: who waits, in which order they go on,
// and who has to give back what he holds because others wait for it. See memory.h for the
// marks.
#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "clients/clients.h"
#include "exchange/error_text.h"
#include "log/log.h"

namespace ringway::proxy {

using metrics::WorkerMetric;

namespace {

// How much memory a value of so many bytes would still take: a part of it may be in the client's
// input already, from before the client was paused.
std::uint64_t rest_of(const ClientConn& client, std::uint64_t bytes) {
  return bytes - std::min<std::uint64_t>(bytes, client.input.size());
}

bool is_mostly_here(const ClientConn& client, std::uint64_t bytes) {
  return rest_of(client, bytes) <= bytes / 2;
}

}  // namespace

// True if nothing of a request is in the client's input, and the client owes no rest of one.
bool Clients::between_requests(const ClientConn& client) {
  return client.input.empty() && !client.half && client.swallow == 0 && !client.swallows_line &&
         !client.closing && !client.finishing && !client.leaving && !client.input_ended;
}

// Puts the client at the end of the line of those who wait for memory. A client that is stopped
// because it has much to read is not in it: it goes on when it has taken some of that.
void Clients::join_waiting(ClientConn& client) {
  if (client.memory_link.linked()) return;
  if (client.blocked && client.output.held() + client.stashed > modest_bytes_max) return;
  if (waiting_.empty()) begin_looks();
  client.waits_since = look_;
  waiting_.push_back(client);
}

void Clients::leave_waiting(ClientConn& client) {
  if (std::exchange(client.wanted, 0) > 0) --wanting_;
  client.memory_link.leave();
}

// How much of a value is still to come.
void Clients::promise(ClientConn& client, std::uint64_t bytes) {
  if (client.promised == bytes) return;
  parts_.memory.keep_promise(client.promised);
  parts_.memory.promise(bytes);
  client.promised = bytes;
}

// The first request in the client's input is not whole. False if it is a large value that has to
// wait for room: those that wait already come first, but one that is mostly here gives back more
// than it still takes. A value has begun once its rest is promised, which may be before its line is
// whole.
bool Clients::begin_half(ClientConn& client, std::size_t have) {
  const bool large = needed_ > modest_bytes_max;
  if (large && client.promised == 0 && !refusing_) {
    const bool first = waiting_.empty() || overruled_ == &client;
    const std::uint64_t rest = rest_of(client, needed_);
    const bool fits = rest <= parts_.memory.room() ||
                      (is_mostly_here(client, needed_) && !parts_.memory.is_exhausted(rest));
    if (!first || !fits) {
      end_half(client);
      client.blocked = true;
      if (std::exchange(client.wanted, needed_) == 0) ++wanting_;
      pause(client, PauseReason::memory);
      return false;
    }
  }
  promise(client, large ? needed_ - std::min(needed_, have) : 0);
  if (std::exchange(client.half, true)) return true;
  ++halves_;
  reset_timer(client);
  return true;
}

// Bytes of a client that waits: they were on their way when it was paused.
void Clients::take_more_of_waiting(ClientConn& client, Bytes bytes) {
  client.input.append(parts_.buffers, bytes);
  if (client.wanted == 0 || !is_mostly_here(client, client.wanted)) return;
  if (!parts_.memory.is_exhausted(rest_of(client, client.wanted))) go_on_with_memory(client);
}

// Goes on with clients whose requests are in memory anyway: to carry them out gives it back. Large
// values wait on, unless most of them is here.
void Clients::take_up_waiting() {
  net::List<ClientConn, &ClientConn::memory_link> wait_on;
  while (ClientConn* client = waiting_.pop_front()) {
    wait_on.push_back(*client);
    const bool parsed = client->wanted > 0;
    if (parsed ? !is_mostly_here(*client, client->wanted) : client->input.empty()) continue;
    const std::uint64_t rest = rest_of(*client, client->wanted);
    if (!parts_.memory.is_exhausted(rest)) go_on_with_memory(*client);
  }
  while (ClientConn* client = wait_on.pop_front()) waiting_.push_back(*client);
}

void Clients::end_half(ClientConn& client) {
  if (!std::exchange(client.half, false)) return;
  RINGWAY_ASSERT(halves_ > 0);
  --halves_;
  client.looks_still = 0;
  promise(client, 0);
}

// Refuses the request that the client has begun: what came of it is forgotten, what still comes is
// dropped.
void Clients::refuse_half(ClientConn& client) {
  refusing_ = true;
  overruled_ = &client;
  client.blocked = false;
  resume(client, PauseReason::memory);
  const std::size_t taken = parse(client, client.input.bytes());
  refusing_ = false;
  overruled_ = nullptr;
  if (client.closing || client.finishing) return;
  client.input.drop_front(parts_.buffers, taken);
  if (client.input_ended && !client.blocked) finish(client);
  touch(client);
}

// True if the request that is half there needs more than any small one. A small request is read to
// its end even while memory is exhausted, for its end gives back more than it takes; if too many of
// them come at once the largest are refused at the end of the turn.
bool Clients::wants_much(const ClientConn& client, std::size_t more) {
  return client.promised > 0 || client.input.size() + more > modest_bytes_max;
}

// True if what is half there can only be a line of keys, so that it may be dropped. A shorter line
// may announce a payload, which would be read as commands then.
bool Clients::is_long_line(const ClientConn& client, const proto::ParsedRequest& half,
                           std::size_t have) const {
  return half.needed == 0 && have > listener(client).dialect->line_bytes_max;
}

void Clients::refuse_line(ClientConn& client) {
  client.swallows_line = true;
  end_half(client);
  parts_.count(WorkerMetric::requests_shed).add();
  line_.answer(client, listener(client).dialect->refusal(no_memory_for_line));
}

// At the end of a turn.
void Clients::mind_memory() {
  const Memory& memory = parts_.memory;
  parts_.memory.set_clients(conns_.size());
  if (memory.is_exhausted() && halves_ + wanting_ > 0) refuse_largest();
  if (!gate_closed_ && memory.is_full()) close_gate();
  if (gate_closed_ && !memory.is_short()) open_gate();
  if (!gate_closed_) let_in();
}

// More came in this turn than there is room for. Values that wait for room are refused first: their
// clients hold what came before they were paused, and nothing was promised to them. Then the
// largest requests that are half there, until an eighth is free for those that are left.
void Clients::refuse_largest() {
  std::vector<Holder> wanting;
  std::vector<Holder> halves;
  each([&](ClientConn& client) {
    if (client.wanted > 0) wanting.push_back({client.input.lent(), &client});
    if (client.half && !client.pauses.any()) halves.push_back({client.input.lent(), &client});
  });
  for (auto* holders : {&wanting, &halves}) {
    for (const Holder& holder : largest_first(*holders)) {
      if (!parts_.memory.is_over()) return;
      refuse_half(*holder.client);
    }
  }
}

void Clients::close_gate() {
  gate_closed_ = true;
  each([this](ClientConn& client) {
    if (between_requests(client)) pause(client, PauseReason::memory);
  });
}

// Lets all go on who wait for no large value; let_in() takes the others as they fit.
void Clients::open_gate() {
  gate_closed_ = false;
  net::List<ClientConn, &ClientConn::memory_link> wait_on;
  while (ClientConn* client = waiting_.pop_front()) {
    if (client->wanted > 0) {
      wait_on.push_back(*client);
    } else {
      go_on_with_memory(*client);
    }
  }
  while (ClientConn* client = wait_on.pop_front()) waiting_.push_back(*client);
}

void Clients::let_in() {
  while (ClientConn* client = waiting_.front()) {
    const std::uint64_t rest = rest_of(*client, client->wanted);
    if (parts_.memory.is_short() || rest > parts_.memory.room()) return;
    go_on_with_memory(*client);
  }
}

void Clients::go_on_with_memory(ClientConn& client) {
  moved_at_ = look_;
  take_what_it_said(client);
}

void Clients::take_what_it_said(ClientConn& client) {
  resume(client, PauseReason::memory);
  overruled_ = &client;
  if (client.blocked) go_on(client);
  overruled_ = nullptr;
}

bool Clients::has_memory(std::uint64_t coming_back) const {
  if (parts_.memory.is_short(coming_back)) return false;
  if (waiting_.empty()) return true;
  return rest_of(*waiting_.front(), waiting_.front()->wanted) <= parts_.memory.room(coming_back);
}

void Clients::begin_looks() {
  if (look_timer_.set()) return;
  look_ += 2;  // Who was seen in the last one was not seen lately.
  moved_at_ = look_;
  parts_.timers.set(look_timer_, parts_.now + memory_look_every);
}

// How many looks in a row saw the client hold memory and hardly move. A client that ringway does
// not read is not counted: it cannot move.
std::uint32_t Clients::looks_still(ClientConn& client) const {
  const bool holds = (client.half && !client.pauses.any()) || client.output.sending();
  const bool moved = client.seen_at + 1 != look_ || client.moved >= moved_bytes_min;
  client.looks_still = holds && !moved ? client.looks_still + 1 : 0;
  client.seen_at = look_;
  client.moved = 0;
  return client.looks_still;
}

// Some wait for memory: those who hold it and do not move have to give it back.
void Clients::on_memory_look() {
  if (waiting_.empty()) return;
  ++look_;
  parts_.timers.set(look_timer_, parts_.now + memory_look_every);
  take_up_waiting();
  std::vector<Holder> halves;
  std::vector<Holder> readers;
  each([&](ClientConn& client) {
    if (client.promised > 0 && client.moved >= moved_bytes_min) moved_at_ = look_;
    const std::uint32_t still = looks_still(client);
    if (client.closing || client.finishing) return;
    if (client.half && !client.pauses.any()) {
      if (still <= says_nothing_looks_max) return;
      halves.push_back({client.input.lent() + client.promised, &client});
    } else if (client.output.sending() && still > takes_nothing_looks_max) {
      readers.push_back({client.output.held() + client.stashed, &client});
    }
  });
  const std::uint32_t waiting = paused_.count(PauseReason::memory);
  const std::uint64_t shed = parts_.count(WorkerMetric::requests_shed).value();
  for (const Holder& holder : largest_first(halves)) {
    if (has_memory(0)) break;
    refuse_half(*holder.client);
  }
  std::uint64_t coming_back = 0;  // What is sent is freed when the kernel lets go of it.
  std::uint32_t ended = 0;
  for (const Holder& holder : largest_first(readers)) {
    if (has_memory(coming_back)) break;
    coming_back += holder.bytes;
    parts_.count(WorkerMetric::clients_stalled).add();
    retire(*holder.client);
    ++ended;
  }
  overrule_waiting(coming_back);
  tell_short(waiting, parts_.count(WorkerMetric::requests_shed).value() - shed, ended);
}

std::vector<Clients::Holder>& Clients::largest_first(std::vector<Holder>& holders) {
  std::ranges::sort(holders, std::ranges::greater{}, &Holder::bytes);
  return holders;
}

// How long the client waits at most. While memory is exhausted, one whose request is here is taken
// at the next look, for that gives memory back. One that has asked nothing yet does not wait until
// a line of large values has moved on.
std::uint32_t Clients::looks_to_wait(const ClientConn& client) const {
  const bool moves = look_ - moved_at_ < looks_waited_max;
  if (client.wanted > 0) return moves ? looks_waited_most : looks_waited_max;
  return client.input.empty() || !parts_.memory.is_exhausted() ? looks_waited_max : 1;
}

// Nobody holds memory without moving, so it may be held by those who wait: those who have waited
// long enough are carried out, and large values among them refused. One client at a time may begin
// to ask, however little memory there is.
void Clients::overrule_waiting(std::uint64_t coming_back) {
  net::List<ClientConn, &ClientConn::memory_link> wait_on;
  bool let_one_ask = false;
  while (ClientConn* client = waiting_.front()) {
    if (has_memory(coming_back)) break;
    const bool silent = client->input.empty();
    const bool due = look_ - client->waits_since >= looks_to_wait(*client);
    if (!due || (silent && std::exchange(let_one_ask, true))) {
      client->memory_link.leave();
      wait_on.push_back(*client);
    } else if (silent) {
      resume(*client, PauseReason::memory);
    } else if (client->wanted > 0 || look_ - client->waits_since >= looks_waited_max) {
      refuse_half(*client);
    } else {
      take_what_it_said(*client);
    }
  }
  while (ClientConn* client = waiting_.pop_front()) wait_on.push_back(*client);
  while (ClientConn* client = wait_on.pop_front()) waiting_.push_back(*client);
}

void Clients::tell_short(std::uint32_t waiting, std::uint64_t refused, std::uint32_t ended) {
  const std::string key = fmt::format("memory of worker {}", parts_.worker);
  std::string text = fmt::format(
      "memory_max is reached (worker {}): {} clients wait for memory, {} requests half there or "
      "too large were refused, {} clients that took nothing were closed",
      parts_.worker, waiting, refused, ended);
  log::write_limited(lines_.ask("memory", parts_.now), key, log::Level::warning, std::move(text),
                     {.name = "memory_short", .worker = std::to_string(parts_.worker)});
}

}  // namespace ringway::proxy
