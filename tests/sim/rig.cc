// Building a run, its phases, and who goes next. What is checked is in
// rig_checks.cc.
#include "sim/rig.h"

#include <algorithm>

#include "log/log.h"
#include "sim/fail.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

// Longer than anything may take that is not stuck.
constexpr Duration stuck_after = std::chrono::minutes(20);
// More than any run needs; a run that goes on is going in circles.
constexpr std::uint64_t turns_max = 2'000'000;

}  // namespace

Rig::Rig(std::uint64_t seed, bool text)
    : trace_(text),
      scenario_(draw_scenario(seed)),
      chance_(seed ^ 0x5eed),
      world_(chance_.fork(), scenario_.faults, trace_) {
  log::set_sink(
      [this](log::Level, std::string_view line) { trace_.note(world_.now(), "log", 0, line); });
  if (text) print(scenario_);
  start_ = world_.now();
  build_model();
  build_router();
  build_servers();
}

Rig::~Rig() {
  log::set_sink({});
}

// The same decision as the router's, made once more from names and weights.
void Rig::build_model() {
  const config::Pool& pool = scenario_.pool();
  const std::vector<std::uint32_t> homes = homes_by_file(scenario_, pool);
  for (const std::string& key : scenario_.keys) {
    static constexpr KeyUse uses[] = {KeyUse::value,   KeyUse::value, KeyUse::value,
                                      KeyUse::counter, KeyUse::value, KeyUse::log};
    model_.add_key(key, homes[model_.keys()], uses[model_.keys() % std::size(uses)]);
  }
  if (scenario_.errors_anywhere) model_.excuse_all(start_ + scenario_.faults_end + scenario_.grace);
  for (std::uint32_t i = 0; i < scenario_.servers.size(); ++i) model_.excuse(i, Instant{});
  scenario_.each_pool([&](const config::Pool& any) {
    model_.add_ttl_max(*any.eject.ttl_max);
    model_.note_read_error(any.on_read_error);
    model_.note_write_error(any.on_write_error);
  });
  model_.excuse_everything(scenario_.lost_silently);
  model_.set_short_of_memory(scenario_.short_of_memory);
  bool kept = true;
  scenario_.each_pool([&](const config::Pool& any) {
    kept &= any.eject.failures > 0 && any.eject.on_readmit == config::OnReadmit::replay;
  });
  if (kept) model_.keep_promises();
  bool again = !scenario_.ejects;
  scenario_.each_pool([&](const config::Pool& any) { again &= any.read_retries > 0; });
  if (!again) model_.excuse_reads_too();
}

void Rig::build_router() {
  for (std::uint32_t i = 0; i < scenario_.workers; ++i) {
    Seat seat;
    seat.io = std::make_unique<SimIo>(world_, scenario_.io, chance_.fork());
    ios_.push_back(seat.io.get());
    seats_.push_back(std::move(seat));
  }
  shared_ = std::make_unique<worker::Shared>(ios_);
  control_world_.emplace(world_, *seats_[0].io, chance_.fork());
  for (std::size_t i = 0; i < scenario_.servers.size(); ++i)
    control_world_->name(scenario_.every_server[i].address, scenario_.servers[i]);
  eject_model_.emplace(
      scenario_.pool(), member_count(), [this] { return nobody_wrong(); },
      [this] { return world_.now(); });
  history_.emplace(scenario_, *shared_);
  // The model knows the servers of one configuration, and nobody who knows better.
  const bool alone = scenario_.drafts.empty() && scenario_.hands.empty();
  alone ? shared_->board.watch(*eject_model_) : shared_->board.watch(*history_);
  control_ = std::make_unique<reload::Control>(scenario_.config, *shared_, *control_world_);
  for (std::uint32_t i = 0; i < seats_.size(); ++i)
    seats_[i].worker = std::make_unique<worker::Worker>(i, *seats_[i].io, *shared_);
  model_.set_may_serve([this](KeyIndex key, std::uint32_t server, bool removing) {
    return history_->may_serve(key, server, world_.now()) ||
           (removing && history_->may_remove(key, server));
  });
  // One that is out is asked again in any case, unless connecting is proof enough.
  model_.set_may_check([this](std::uint32_t server) {
    const bool once_out = scenario_.checks_by(config::Check::off) && history_->ever_away(server);
    return once_out || scenario_.checks_by(config::Check::automatic);
  });
  model_.set_service([this](Instant since) { return history_->service(since); });
  model_.set_forgotten([this](std::uint32_t server) { return forgotten(server); });
  const auto started = control_->start();
  SIM_REQUIRE(started.has_value(), "the router does not start: %s", started.error().c_str());
  note_history();
}

void Rig::build_servers() {
  for (std::uint32_t i = 0; i < scenario_.servers.size(); ++i) {
    servers_.push_back(std::make_unique<FakeServer>(world_, model_, i, scenario_.servers[i],
                                                    scenario_.grace, chance_.fork()));
    // Names resolve after a moment; nobody is to blame until then.
    const bool named = has_name(scenario_.every_server[i]);
    if (named) model_.excuse(i, start_ + 10s);
  }
  for (const Incident& incident : scenario_.incidents)
    servers_[incident.server]->plan(incident.trouble, start_ + incident.after, incident.time,
                                    scenario_.grace);
  for (const Move& move : scenario_.moves)
    if (move.to)
      servers_.push_back(std::make_unique<FakeServer>(world_, model_, move.server, *move.to,
                                                      scenario_.grace, chance_.fork()));
}

Outcome Rig::run() {
  reloads_.emplace(world_, model_, scenario_, *shared_, *control_, *control_world_);
  reloads_->plan();
  hands_.emplace(world_, model_, scenario_, *shared_, *control_);
  hands_->plan();
  moves_.emplace(world_, model_, scenario_, *control_world_,
                 [this](std::uint32_t i) -> FakeServer& { return *servers_[i]; });
  moves_->plan();
  storm();
  if (!stopping_) {
    calm();
    rest();
  }
  stop();
  return {trace_.hash(), model_.tally.requests, model_.tally.errors, turns_, reloads_->begun()};
}

// --- Phases -------------------------------------------------------------------

void Rig::storm() {
  for (ClientPlan plan : scenario_.clients) {
    plan.begin = start_ + plan.begin.time_since_epoch();
    if (plan.dismissed_from != never) {
      plan.dismissed_from = start_ + plan.dismissed_from.time_since_epoch();
    }
    clients_.push_back(std::make_unique<FakeClient>(
        world_, model_, static_cast<ClientId>(clients_.size()), plan, chance_.fork()));
  }
  if (scenario_.stop_after > Duration::zero()) {
    run_for(scenario_.stop_after);
    stop_early();
  }
  const auto left = [this] {
    return start_ + scenario_.faults_end + world_.jumped() - world_.now();
  };
  while (left() > 0s) run_for(left());
  world_.end_faults();
  history_->set_calm(world_.now());
  moves_->end();
  for (const auto& server : servers_) server->recover();
  run_until(world_.now() + stuck_after, "the clients to finish", [this] { return clients_done(); });
}

void Rig::stop_early() {
  stopping_ = true;
  reloads_->end();
  for (const auto& client : clients_) client->router_stops();
  control_->ask_stop();
}

// All is well again within `grace`. Connections that died without a word are found
// by whoever uses them next: then rounds go on until one has no error.
void Rig::calm() {
  if (scenario_.short_of_memory) check_nobody_waits_for_memory();
  for (const auto& client : clients_)
    if (!client->is_side()) client->leave();
  hands_->end();
  run_for(scenario_.grace + 10s);
  run_until(world_.now() + stuck_after, "reloads to be over",
            [this] { return reloads_->settled(); });
  hands_->end();
  run_for(2s + scenario_.stall_max());
  check_dismissed();
  check_all_up();
  // Where connections died silently, ejections go on while they are found.
  if (!scenario_.lost_silently) model_.settle();
  if (!scenario_.lost_silently) {
    model_.excuse_everything(false);
    calm_round(scenario_.workers);
    return read_all();
  }
  for (int rounds = 0; rounds < 40; ++rounds) {
    const std::uint64_t errors = model_.tally.errors;
    calm_round(2 * scenario_.workers);
    if (model_.tally.errors == errors) return;
    run_for(scenario_.grace + scenario_.pool().tcp_user_timeout);
  }
  fail("errors go on although all is well");
}

// Whatever servers hold by then: nothing may be older than what its clients were told.
void Rig::read_all() {
  ClientPlan plan = calm_client(scenario_);
  plan.reads_all = true;
  plan.requests = static_cast<std::uint32_t>(model_.keys());
  // One value at a time there is always memory for.
  if (scenario_.short_of_memory) plan.depth = 1;
  model_.set_short_of_memory(false);
  ask_and_leave(plan, 1);
}

void Rig::calm_round(std::uint32_t count) {
  ask_and_leave(calm_client(scenario_), count);
}

void Rig::ask_and_leave(ClientPlan plan, std::uint32_t count) {
  std::vector<FakeClient*> round;
  for (std::uint32_t i = 0; i < count; ++i) {
    plan.begin = world_.now();
    clients_.push_back(std::make_unique<FakeClient>(
        world_, model_, static_cast<ClientId>(clients_.size()), plan, chance_.fork()));
    round.push_back(clients_.back().get());
  }
  run_until(world_.now() + stuck_after, "all to be well again", [this] { return clients_done(); });
  for (FakeClient* client : round) client->leave();
}

void Rig::rest() {
  run_for(5s + 2 * scenario_.timeout_max());
  // Checks go on for ever, and idle connections end: look between two of them.
  const auto between_checks = [this] {
    return router_connections() == server_connections() &&
           std::ranges::all_of(seats_,
                               [](const Seat& seat) { return seat.worker->open_exchanges() == 0; });
  };
  if (!scenario_.lost_silently) run_until(world_.now() + 30s, "checks to end", between_checks);
  check_rest();
  check_counters();
}

// The workers look up only when the end was asked for.
void Rig::last_words() {
  constexpr std::uint64_t most = 200;
  last_words_ = std::make_unique<LastWords>(world_, calm_client(scenario_).address);
  run_for(100ms);
  SIM_REQUIRE(last_words_->connected(), "the last client is not connected");
  for (Seat& seat : seats_) seat.busy_until = world_.now() + 200ms;
  const std::string line =
      "touch " + model_.key(0).text + ' ' + std::to_string(model_.exptime(0)) + " noreply\r\n";
  last_said_ =
      last_words_->say(line, std::min<std::uint64_t>(most, scenario_.pool().server_queue_max));
  touches_before_ = model_.tally.touches;
  run_for(150ms);
}

void Rig::stop() {
  const bool in_peace = !stopping_ && !scenario_.lost_silently;
  if (in_peace) last_words();
  if (!stopping_) stop_early();
  run_until(world_.now() + stuck_after, "the router to stop", [this] { return control_->over(); });
  SIM_REQUIRE(model_.tally.touches - touches_before_ == last_said_ || !in_peace,
              "%llu requests were sent before the end, and %llu done",
              static_cast<unsigned long long>(last_said_),
              static_cast<unsigned long long>(model_.tally.touches - touches_before_));
  if (control_->stuck()) {
    // It would be gone. What its workers do from here on is what is left to be looked at.
    const auto stopped = [](const Seat& seat) { return seat.worker->stopped(); };
    run_until(world_.now() + stuck_after, "the workers to stop",
              [&] { return std::ranges::all_of(seats_, stopped); });
    control_world_->close_abandoned();
  }
  run_until(world_.now() + stuck_after, "the clients to notice", [this] { return clients_done(); });
  check_stopped();
  reloads_->check();
}

// --- Who goes next --------------------------------------------------------------

bool Rig::clients_done() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->done(); });
}

void Rig::turn(Seat& seat) {
  trace_.note(world_.now(), "turn", &seat - seats_.data());
  seat.worker->turn();
  note_history();
  SIM_REQUIRE(++turns_ < turns_max, "the router goes in circles");
  Duration time = Duration(static_cast<std::int64_t>(chance_.between(1'000, 30'000)));
  if (chance_.with(world_.faults().worker_stall)) {
    time = std::chrono::milliseconds(chance_.below(world_.faults().worker_stall_ms + 1));
    trace_.note(world_.now(), "worker stalls", &seat - seats_.data(), to_ms(time));
    note_stall(time);
  }
  seat.busy_until = world_.now() + time;
  stand_still();
  if (scenario_.short_of_memory) check_lent(*seat.worker);
  if (trace_.text() || turns_ % 16 == 0) check_turn(*seat.worker);
}

std::uint32_t Rig::member_count() const {
  return static_cast<std::uint32_t>(
      std::ranges::count(scenario_.pool().servers, false, &config::Server::backup));
}

// As a machine that is paused, with and without the world around it.
void Rig::stand_still() {
  const Faults& faults = world_.faults();
  const bool jumps = chance_.with(faults.clock_jump);
  const bool pauses = chance_.with(faults.router_pause);
  if (!jumps && !pauses) return;
  const Duration time = std::chrono::milliseconds(chance_.between(1, faults.pause_ms));
  if (jumps) world_.jump(time);
  note_stall(time);
  model_.excuse_all(world_.now() + time + scenario_.faults_end + scenario_.grace);
  if (!pauses) return;
  trace_.note(world_.now(), "router pauses", to_ms(time));
  control_busy_until_ = world_.now() + time;
  for (Seat& seat : seats_) seat.busy_until = std::max(seat.busy_until, control_busy_until_);
}

// What is found late by no more than a quarter of its time counts: such a stall may end so
// soon after a deadline that nobody can tell whose fault it was.
void Rig::note_stall(Duration time) {
  const config::Pool& pool = scenario_.pool();
  const Duration longest =
      std::max({Duration(*pool.timeout), pool.connect_timeout, pool.health.timeout});
  if (time <= longest + longest / 4) unclear_until_ = world_.now() + time + longest;
}

bool Rig::nobody_wrong() const {
  return scenario_.innocent && world_.now() > unclear_until_;
}

void Rig::step_control() {
  log::pass_time(world_.now());
  control_world_->heed();
  control_->step();
  note_history();
  hands_->look();
}

void Rig::note_history() {
  if (!history_->note(control_->snapshot(), world_.now())) return;
  for (std::uint32_t i = 0; i < scenario_.every_server.size(); ++i) {
    if (history_->ever_away(i)) model_.wander(i);
  }
}

// Runs whatever is due first, at most until `limit`; false if nothing is.
bool Rig::step(Instant limit) {
  Seat* next = nullptr;
  Instant at = limit;
  for (Seat& seat : seats_) {
    if (seat.worker->stopped()) continue;
    const Instant ready = std::max(seat.io->next_wakeup(), seat.busy_until);
    if (ready >= at) continue;
    next = &seat;
    at = ready;
  }
  const Instant wanted = control_world_->woken() ? world_.now() : control_->next();
  const Instant control_at = std::max({wanted, world_.now(), control_busy_until_});
  if (world_.next_event() <= std::min(at, control_at)) {
    if (world_.next_event() > limit) return false;
    world_.run_next_event();
    return true;
  }
  if (control_at < at) {
    world_.advance(control_at);
    step_control();
    return true;
  }
  if (next == nullptr) return false;
  world_.advance(std::max(at, world_.now()));
  turn(*next);
  return true;
}

void Rig::run_until(Instant limit, const char* what, const std::function<bool()>& there) {
  while (!there()) {
    if (step(limit)) continue;
    describe();
    for (const auto& client : clients_)
      if (!client->done())
        fail("waited in vain for %s: a client waits for %s", what, client->waiting_for().c_str());
    fail("waited in vain for %s", what);
  }
}

void Rig::run_for(Duration time) {
  const Instant limit = world_.now() + std::max(time, Duration::zero());
  while (step(limit)) {
  }
  if (world_.now() < limit) world_.advance(limit);
}

}  // namespace ringway::sim
