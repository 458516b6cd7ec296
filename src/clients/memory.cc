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

// What would be new of a value of so many bytes: what came of it before its client was not read
// any more is held already.
std::uint64_t rest_of(const ClientConn& client, std::uint64_t bytes) {
  return bytes - std::min<std::uint64_t>(bytes, client.input.size());
}

bool is_mostly_here(const ClientConn& client, std::uint64_t bytes) {
  return rest_of(client, bytes) <= bytes / 2;
}

}  // namespace

// Nothing of it is here, and nothing of a request is owed.
bool Clients::between_requests(const ClientConn& client) {
  return client.input.empty() && !client.half && client.swallow == 0 && !client.swallows_line &&
         !client.closing && !client.finishing && !client.leaving && !client.input_ended;
}

// In the order of those who wait. How much each one wants is what room there has to be. Who asks
// and has much to read waits for himself: whatever he takes is a look at him.
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

// The first request of its input is not whole. False if it is a value that has to wait: a small
// one never does, and those that wait already are first. One that is mostly here gives back more
// than it still takes. A large one is begun when its rest is promised: its line may have come in
// two pieces.
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

// It came before its client was not read any more.
void Clients::take_more_of_waiting(ClientConn& client, Bytes bytes) {
  client.input.append(parts_.buffers, bytes);
  if (client.wanted == 0 || !is_mostly_here(client, client.wanted)) return;
  if (!parts_.memory.is_exhausted(rest_of(client, client.wanted))) go_on_with_memory(client);
}

// What they said already is held in any case. Large values among it wait on, but for those that
// are mostly here.
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

// What it has sent of a request is forgotten, and what still comes of it is dropped.
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

// The end of what is small gives back more than it takes: that comes to an end even while memory is
// exhausted. Where there is too much of it at once the largest go at the end of the turn.
bool Clients::wants_much(const ClientConn& client, std::size_t more) {
  return client.promised > 0 || client.input.size() + more > modest_bytes_max;
}

// It has no end yet, and asks for nothing but keys. A shorter one may announce a payload, which
// would be read as commands if it were dropped.
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

// More came in this turn than there is room for. Who waits for room for a value holds what came of
// it before he was paused, and nothing was promised to him: he goes before those who are half way.
// Those who are left have an eighth to go on with.
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

// Those who want no more than any request takes; the others as they fit.
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

// How many looks in a row saw it hold memory and little move. Whom ringway does not read cannot
// move.
std::uint32_t Clients::looks_still(ClientConn& client) const {
  const bool holds = (client.half && !client.pauses.any()) || client.output.sending();
  const bool moved = client.seen_at + 1 != look_ || client.moved >= moved_bytes_min;
  client.looks_still = holds && !moved ? client.looks_still + 1 : 0;
  client.seen_at = look_;
  client.moved = 0;
  return client.looks_still;
}

// While some wait for memory others may hold it and not move: they have to give it back.
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

// How long it waits at most. Who holds what he said while memory is exhausted is best taken at
// once: that gives it back. Who has asked nothing yet waits no longer for others' large values than
// if their line stood still.
std::uint32_t Clients::looks_to_wait(const ClientConn& client) const {
  const bool moves = look_ - moved_at_ < looks_waited_max;
  if (client.wanted > 0) return moves ? looks_waited_most : looks_waited_max;
  return client.input.empty() || !parts_.memory.is_exhausted() ? looks_waited_max : 1;
}

// Nobody is to blame, and it may be those who wait that hold it: what they asked is taken, and
// large values among it are refused. One at a time may begin to ask, however little there is.
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
