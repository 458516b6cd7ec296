// The turn and the dispatch: the one place where the kernel's words become the
// program's.
#include "worker/worker.h"

#include <algorithm>
#include <utility>

#include "board/pool_live.h"

namespace ringway::worker {

using metrics::WorkerMetric;
using net::Op;

namespace {

// At the end: so often it is looked what is still owed.
constexpr Duration owed_patience = std::chrono::seconds(2);
constexpr Duration owed_look_every = std::chrono::milliseconds(10);

// A connection that is to settle what is owed, by an answer or by a delete.
bool settles(const proxy::Fragment& fragment) {
  const proxy::Exchange& exchange = *fragment.exchange;
  const bool removes = exchange.internal && !exchange.key.get().empty();
  return removes || fragment.owes || fragment.pays || fragment.overtaken;
}

// To a server that takes traffic: of others nobody knows when they are back.
bool has_debts(proxy::Servers& servers) {
  bool found = false;
  servers.each([&](const proxy::ServerConn& conn) {
    if (conn.link.standing != proxy::Standing::up) return;
    for (const proxy::Fragment* one = conn.fifo.first(); one && !found; one = one->fifo_next)
      found = settles(*one);
  });
  return found;
}

// True if anything is owed to a server that takes traffic. `pays`: it is delivered, too.
bool look_for_debts(proxy::WorkerParts& parts, proxy::Servers& servers, proxy::Health& health,
                    bool pays) {
  bool owed = false;
  for (const auto& pool : parts.snapshot->pools) {
    for (const pool::Server& server : pool->servers) {
      const proxy::BoardEntry& entry = parts.board.entry(server.id);
      if (!entry.owes() || entry.standing() != proxy::Standing::up) continue;
      owed = true;
      if (!pays || servers.home(server.id) != parts.worker) continue;
      if (servers.ready_connection(server.id)) {
        health.deliver(server.id);
      } else if (!servers.connecting(server.id) && !servers.backs_off(server.id)) {
        servers.prove(server.id);
      }
    }
  }
  return owed;
}

}  // namespace

Worker::Worker(std::uint32_t number, net::Io& io, Shared& shared)
    : shared_(shared),
      report_(*shared.reports[number]),
      parts_(number, io, shared.board, shared.registry, shared.loads, shared.homes),
      exchanges_(parts_.buffers, parts_.memory),
      line_(exchanges_, parts_.buffers, parts_.memory, parts_.counters),
      executor_(parts_, exchanges_, line_, clients_, servers_, health_),
      clients_(parts_, line_, executor_),
      servers_(parts_, executor_, health_),
      health_(parts_, servers_, executor_),
      acceptors_(parts_, shared) {
  drain_timer_.kind = net::TimerKind::worker;
  sweep_timer_.kind = net::TimerKind::sweep;
}

Worker::~Worker() {
  parts_.timers.stop(drain_timer_);
  parts_.timers.stop(sweep_timer_);
}

void Worker::turn() {
  const Instant deadline = std::min(parts_.timers.next(), executor_.next_deadline());
  const auto completions = parts_.io.wait(deadline, servers_.expected());
  parts_.now = parts_.io.now();
  update_live();
  for (const net::Completion& done : completions) dispatch(done);
  read_mail();
  // What is already here must not count as late: a stall of ours is not theirs.
  // Yet under lasting load there may always be something.
  undrained_turns_ = parts_.io.drained() ? 0 : undrained_turns_ + 1;
  if (undrained_turns_ % (undrained_turns_max + 1) == 0) {
    executor_.expire();
    run_timers();
  }
  end_turn();
}

void Worker::dispatch(const net::Completion& done) {
  switch (done.token.op) {
    case Op::accept:
      if (const auto client = acceptors_.on_accepted(done)) take_client(*client);
      return;
    case Op::client_recv: return clients_.on_received(done);
    case Op::client_send: return clients_.on_sent(done);
    case Op::server_connect: return servers_.on_connected(done);
    case Op::server_recv: return servers_.on_received(done);
    case Op::server_send: return servers_.on_sent(done);
    case Op::none: break;
  }
  RINGWAY_ASSERT(false && "an operation that nobody started");
}

void Worker::read_mail() {
  for (const Letter& letter : shared_.mailboxes[parts_.worker]->take()) {
    std::visit([this](const auto& what) { obey(what); }, letter);
  }
}

void Worker::obey(const Adopt& adopt) {
  RINGWAY_ASSERT(!parts_.snapshot || parts_.snapshot->generation < adopt.snapshot->generation);
  const snapshot::Snapshot* before = std::exchange(parts_.snapshot, adopt.snapshot);
  if (before) clients_.adopt(*before);
  acceptors_.adopt();
  adopt_memory();
  adopt_pools(before);
  look_who_is_live();  // What a server that leaves had to do is planned anew at once.
  servers_.adopt();
  executor_.adopt();
  live_version_ = 0;
  update_live();
  health_.adopt();
  parts_.count(WorkerMetric::generation).set(adopt.snapshot->generation);
  report_.generation.store(adopt.snapshot->generation, std::memory_order_release);
}

// What is kept for reuse is needed, too: an eighth of its part at most.
void Worker::adopt_memory() {
  const config::MaybeBytes most = parts_.snapshot->config.router.memory_max;
  const std::uint64_t kept =
      most ? std::min<std::uint64_t>(*most / shared_.size() / 8, net::BufferPool::kept_bytes_max)
           : net::BufferPool::kept_bytes_max;
  parts_.buffers.keep_at_most(kept);
  if (!most) return parts_.memory.set_unlimited();
  const std::uint64_t needed = kept + parts_.io.receive_bytes_max();
  parts_.memory.set_share(proxy::Memory::share(*most, shared_.size(), needed));
}

// What a worker keeps of a pool goes by its name: its number may be another.
void Worker::adopt_pools(const snapshot::Snapshot* before) {
  parts_.pool_counters.clear();
  std::vector<proxy::RetryBudget> budgets;
  for (const auto& pool : parts_.snapshot->pools) {
    parts_.pool_counters.push_back(&parts_.registry.pool(parts_.worker, pool->name()));
    const pool::Pool* known = before ? before->pool(pool->name()) : nullptr;
    budgets.push_back(known ? parts_.retry_budgets[known->number]
                            : proxy::RetryBudget(shared_.size()));
  }
  parts_.retry_budgets = std::move(budgets);
}

void Worker::obey(const Listen& listen) {
  acceptors_.listen(listen);
  report_.listens.fetch_add(1, std::memory_order_release);
}

void Worker::obey(const Unlisten& unlisten) {
  acceptors_.unlisten(unlisten.fd);
}

void Worker::obey(const StopListening&) {
  acceptors_.stop();
}

void Worker::obey(const TakeClient& client) {
  take_client(client);
}

void Worker::take_client(const TakeClient& taken) {
  RINGWAY_ASSERT(parts_.snapshot != nullptr);
  proxy::ClientConn& client = clients_.open(taken.fd, taken.listener);
  if (stopping_) return clients_.retire(client);
  if (!clients_.admit(client)) {
    line_.answer(client, clients_.listener(client).dialect->refusal(proto::too_many_clients));
    return clients_.reject(client, proxy::rejected_kept(shared_.size()));
  }
  if (draining_) clients_.finish_between_requests(client);
}

void Worker::obey(const DrainListener& drain) {
  clients_.each([&](proxy::ClientConn& client) {
    if (client.listener == drain.listener) clients_.finish_between_requests(client);
  });
}

// Where there is a balancer, clients go one after another, so that they do not all reconnect
// at once. Elsewhere all go now: they can come back when the process has ended.
void Worker::obey(const Drain& drain) {
  draining_ = true;
  if (drain.spread == Duration::zero()) clients_.hurry();
  const auto count = std::max<std::int64_t>(clients_.size(), 1);
  drain_step_ = drain.spread / count;
  clients_.each([this](proxy::ClientConn& client) { leaving_.push_back(client.handle); });
  drain_some();
}

void Worker::drain_some() {
  // Not more than a step each millisecond: with many clients several go at once.
  const Duration step = std::max<Duration>(drain_step_, std::chrono::milliseconds(1));
  for (auto due = step / std::max(drain_step_, Duration(1)); due > 0 && !leaving_.empty(); --due) {
    if (proxy::ClientConn* client = clients_.find(leaving_.back())) {
      clients_.finish_between_requests(*client);
    }
    leaving_.pop_back();
  }
  if (!leaving_.empty()) parts_.timers.set(drain_timer_, parts_.now + step);
}

void Worker::obey(const Reconsider& what) {
  if (!stopping_) health_.reconsider(what.server);
}

void Worker::obey(const Relocate& what) {
  if (!stopping_) servers_.relocate(what.server);
}

void Worker::obey(const Stop&) {
  stopping_ = true;
  health_.stop();
  parts_.timers.stop(drain_timer_);
  acceptors_.stop();
  clients_.each([this](proxy::ClientConn& client) { clients_.retire(client); });
  servers_.retire_all();
}

void Worker::run_timers() {
  move_budgets_on();
  fired_.clear();
  parts_.timers.expire(parts_.now, fired_);
  for (net::Timer* timer : fired_) {
    if (timer->set()) continue;  // By one before it: for later.
    switch (timer->kind) {
      case net::TimerKind::client: clients_.on_timer(*timer); break;
      case net::TimerKind::memory_look: clients_.on_memory_look(); break;
      case net::TimerKind::accept_retry: acceptors_.on_timer(*timer); break;
      case net::TimerKind::worker: drain_some(); break;
      case net::TimerKind::sweep: sweep(); break;
      case net::TimerKind::server_health: health_.on_timer(*timer); break;
      default: servers_.on_timer(*timer);
    }
  }
}

// After a busy time: an idle worker holds next to nothing.
void Worker::sweep() {
  if (parts_.buffers.sweep()) parts_.io.trim();
}

// One truth for all workers; copied when it moved, constant within a turn.
void Worker::update_live() {
  const std::uint64_t version = parts_.board.version();
  if (version == live_version_ || !parts_.snapshot) return;
  live_version_ = version;
  look_who_is_live();
  servers_.update_standings();
}

void Worker::look_who_is_live() {
  parts_.live.clear();
  for (const auto& pool : parts_.snapshot->pools) {
    parts_.live.push_back(proxy::pool_live(*pool, parts_.board));
  }
}

void Worker::move_budgets_on() {
  if (!parts_.snapshot || parts_.now - budgets_at_ < std::chrono::seconds(1)) return;
  budgets_at_ = parts_.now;
  for (std::size_t i = 0; i < parts_.retry_budgets.size(); ++i) {
    const auto requests = (*parts_.pool_counters[i])[metrics::PoolMetric::requests].value();
    parts_.retry_budgets[i].move_on(parts_.now, requests);
  }
}

void Worker::end_turn() {
  const bool owed = draining_ && !stopping_ && pay_what_is_owed();
  executor_.wake_waiting();
  clients_.resume_blocked();
  servers_.flush();
  clients_.flush();
  servers_.reap();
  if (const std::uint32_t gone = clients_.reap()) {
    report_.clients.fetch_sub(gone, std::memory_order_relaxed);
  }
  if (parts_.buffers.worth_sweeping() && !sweep_timer_.set()) {
    parts_.timers.set(sweep_timer_, parts_.now + sweep_every);
  }
  exchanges_.free_over();
  parts_.count(WorkerMetric::turns).add();
  if (const std::uint32_t gone = acceptors_.reap()) {
    report_.sockets.fetch_sub(gone, std::memory_order_release);
  }
  if (draining_ && !stopping_) {
    const bool owes = waits_for_debts() && (owed || has_debts(servers_));
    // Another worker may have paid it, or a connection is to be made once more.
    if (owes && !drain_timer_.set()) parts_.timers.set(drain_timer_, parts_.now + owed_look_every);
    const bool waits = executor_.next_deadline() != never || owes;
    report_.awaiting.store(waits, std::memory_order_release);
  }
  if (parts_.snapshot) report_.settled.store(servers_.settled(), std::memory_order_release);
  if (stopped()) report_.stopped.store(true, std::memory_order_release);
}

// At the end of the process, which forgets what is on the board: without the pause that the home
// worker makes at other times, but not in each turn: there may be many servers, and a ringway that
// cannot do it now would be asked as fast as it answers. True if something may still be owed.
bool Worker::pay_what_is_owed() {
  if (parts_.now >= pays_at_) {
    pays_at_ = parts_.now + owed_look_every;
    return look_for_debts(parts_, servers_, health_, true);
  }
  if (clients_.size() == 0) return look_for_debts(parts_, servers_, health_, false);
  if (!drain_timer_.set()) parts_.timers.set(drain_timer_, pays_at_);
  return true;
}

// Once the last client is gone, and no longer than a short restart lasts: a server that takes
// nothing would keep the process for all of drain_timeout.
bool Worker::waits_for_debts() {
  if (clients_.size() > 0) {
    pays_until_ = never;
    return false;
  }
  if (pays_until_ == never) pays_until_ = parts_.now + owed_patience;
  return parts_.now < pays_until_;
}

bool Worker::stopped() const {
  return stopping_ && acceptors_.sockets() == 0 && clients_.size() == 0 && servers_.empty();
}

void Worker::check_invariants() {
  std::uint32_t in_flight = 0;
  servers_.each([&](proxy::ServerConn& conn) {
    for (auto* fragment = conn.fifo.first(); fragment; fragment = fragment->fifo_next)
      RINGWAY_ASSERT(fragment->conn == &conn);
    conn.fifo.check_invariants();
    RINGWAY_ASSERT(conn.sent <= conn.offered);
    in_flight += conn.fifo.count();
  });
  RINGWAY_ASSERT(in_flight == servers_.in_flight());
  clients_.each([&](proxy::ClientConn& client) { proxy::check_line(client); });
  clients_.check_pauses();
}

}  // namespace ringway::worker
