// The draws, part by part.
#include "sim/scenario.h"

#include <algorithm>
#include <iostream>

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* tcp_bind = "127.0.0.1:11311";
constexpr const char* unix_bind = "unix:/sim/web.sock";

// A stream from which no seed that was kept before there was one draws a memory_max.
constexpr std::uint64_t memory_stream = 0xa2;

Duration pick(Chance& chance, std::initializer_list<Duration> choices) {
  return choices.begin()[chance.below(choices.size())];
}

void draw_pool(Chance chance, Scenario& scenario) {
  config::Pool pool;
  pool.name = "sim";
  static constexpr const char* distributions[] = {"ring", "ring", "ketama", "modula"};
  pool.distribution = distributions[chance.below(4)];
  pool.timeout = pick(chance, {100ms, 250ms, 500ms, 1000ms});
  pool.connect_timeout = pick(chance, {50ms, 300ms, 1500ms});
  pool.backoff_min = pick(chance, {1ms, 50ms});
  pool.backoff_max = pick(chance, {60ms, 1000ms, 5000ms});
  pool.server_connections = chance.one_in(4) ? 2 : 1;
  if (chance.one_in(4)) pool.server_idle_timeout = pick(chance, {20ms, 1000ms});
  if (chance.one_in(16)) {
    pool.server_queue_max = static_cast<std::uint32_t>(chance.between(2, 8));
    scenario.errors_anywhere = true;
  }
  // Without it a send that is stuck for ever, or a queue full of requests that timed
  // out, hides that its connection is silent.
  const bool roomy = scenario.faults.pipe_bytes > 16 * 1024 && pool.server_queue_max > 16;
  if (chance.one_in(2) && roomy) pool.tcp_user_timeout = 0ms;
  if (chance.one_in(16)) pool.flush_all = config::FlushAll::allowed;
  const bool named = chance.one_in(4);
  const std::uint64_t servers = chance.between(1, 5);
  for (std::uint64_t i = 0; i < servers; ++i) {
    const std::string number = std::to_string(i + 1);
    const bool is_unix = chance.one_in(8);
    const std::string numeric =
        is_unix ? "unix:/sim/mc" + number + ".sock" : "10.0.0." + number + ":11211";
    scenario.servers.push_back(*net::Address::parse(numeric));
    config::Server server;
    server.address = named && !is_unix ? "mc-" + number + ".sim:11211" : numeric;
    server.name = "mc" + number;
    server.name_given = true;
    server.weight = chance.one_in(4) ? static_cast<std::uint32_t>(chance.between(1, 3)) : 1;
    pool.servers.push_back(server);
  }
  pool.preconnect = chance.one_in(4);
  if (chance.one_in(4)) pool.read_retries = 0;
  scenario.config.pools.push_back(pool);
}

void draw_listener(Chance chance, Scenario& scenario) {
  config::Listener listener;
  listener.name = "web";
  listener.route = "sim";
  listener.bind = {tcp_bind, unix_bind};
  listener.keys_per_ask = chance.one_in(3) ? static_cast<std::uint32_t>(chance.between(1, 8)) : 64;
  if (listener.keys_per_ask < 64) scenario.config.pools[0].timeout = 1000ms;
  if (chance.one_in(4)) {
    listener.client_in_flight_max = static_cast<std::uint32_t>(chance.between(1, 8));
  }
  if (chance.one_in(4)) listener.client_output_high = chance.between(1, 4096);
  if (chance.one_in(4)) listener.stream_min = chance.between(1, 2000);
  if (chance.one_in(4)) listener.value_max = chance.between(100, 5000);
  if (chance.one_in(8)) listener.clients_max = static_cast<std::uint32_t>(chance.between(8, 10));
  listener.backlog = chance.one_in(8) ? 2 : 4096;
  scenario.config.listeners.push_back(listener);
  scenario.config.router.drain_delay = chance.one_in(2) ? Duration(0ms) : Duration(100ms);
  scenario.config.router.drain_timeout = pick(chance, {1000ms, 20000ms});
}

void draw_io(Chance chance, Scenario& scenario) {
  scenario.workers = static_cast<std::uint32_t>(chance.one_in(2) ? 1 : chance.between(2, 4));
  scenario.config.router.workers = scenario.workers;
  if (!chance.one_in(3)) return;
  scenario.io.client_buffers.size_bytes = static_cast<std::uint32_t>(chance.between(16, 2000));
  scenario.io.server_buffers.size_bytes = static_cast<std::uint32_t>(chance.between(16, 2000));
}

void draw_keys(Chance chance, Scenario& scenario) {
  const std::uint64_t count = chance.between(1, 120);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string key = std::to_string(i) + ':';
    const std::uint64_t length = chance.one_in(10) ? 250 : chance.between(key.size(), 40);
    while (key.size() < length) key += static_cast<char>('!' + chance.below(94));
    scenario.keys.push_back(key);
  }
}

// How long a client waits for the next reply before something must be wrong.
Duration patience(const Scenario& scenario) {
  const Faults& faults = scenario.faults;
  Duration time = 2 * scenario.timeout_max() + 500ms;
  if (faults.slow_segment > 0) time += 3s;
  if (faults.pipe_bytes < 16 * 1024) time += 5s;
  if (faults.worker_stall > 0) time += 10 * std::chrono::milliseconds(faults.worker_stall_ms);
  if (faults.accept_emfile > 0) time += 2s;
  if (faults.clock_jump > 0 || faults.router_pause > 0) {
    time += 10 * std::chrono::milliseconds(faults.pause_ms);
  }
  return time;
}

ClientPlan draw_client(Chance& chance, Scenario& scenario) {
  const Faults& faults = scenario.faults;
  ClientPlan plan = calm_client(scenario);
  plan.address = *net::Address::parse(chance.one_in(4) ? unix_bind : tcp_bind);
  plan.requests = static_cast<std::uint32_t>(chance.between(1, 130));
  plan.depth =
      static_cast<std::uint32_t>(chance.one_in(2) ? chance.between(1, 4) : chance.between(1, 64));
  plan.gap_us = static_cast<std::uint32_t>(2 * scenario.span / 1us / plan.requests *
                                           std::min<std::uint32_t>(plan.depth / 2 + 1, 8));
  if (chance.one_in(4)) plan.gap_us = 0;
  plan.keys_max = static_cast<std::uint32_t>(chance.one_in(2) ? 1 : chance.between(1, 20));
  if (chance.one_in(12)) plan.keys_max = 100;
  // Long reads go to and fro many times; together they must fit into the timeout.
  if (plan.keys_max > plan.keys_per_ask) {
    plan.keys_max = std::min(plan.keys_max, 10 * plan.keys_per_ask);
    plan.depth = std::min(plan.depth, 4u);
  }
  const std::uint64_t most = std::min<std::uint64_t>(faults.pipe_bytes * 16, 60'000);
  plan.value_max = static_cast<std::uint32_t>(chance.one_in(4) ? chance.between(0, most) : 100);
  plan.value_max = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(plan.value_max, scenario.config.listeners[0].value_max));
  plan.broken = faults.client_broken;
  if (scenario.config.listeners[0].value_max < 10'000)
    plan.too_large = static_cast<std::uint32_t>(scenario.config.listeners[0].value_max + 1);
  if (scenario.config.listeners[0].clients_max) {
    plan.may_be_rejected = true;
    scenario.exact = false;
  }
  // What is on its way for longer than the timeout is cut off, rightly.
  if (plan.keys_max >= 20) plan.value_max = std::min(plan.value_max, 1000u);
  plan.writes = static_cast<double>(chance.below(80)) / 100;
  // Behind a short line a request waits for those that nobody hears of.
  const bool short_line = scenario.config.listeners[0].client_in_flight_max < 16;
  plan.noreply = chance.one_in(2) && !short_line ? 0.2 : 0;
  plan.quiet = chance.one_in(2) && !short_line ? 0.05 : 0;
  plan.meta = chance.one_in(4) ? 0.9 : 0.3;
  plan.reads_own_writes = true;
  plan.half_close = chance.with(faults.client_half_close);
  plan.quits = chance.one_in(8);
  plan.browses = chance.one_in(4);
  plan.begin = Instant(chance.between(0ns, scenario.span / 4));
  if (chance.with(faults.client_vanish)) {
    plan.vanish_after = static_cast<std::uint32_t>(chance.between(1, plan.requests));
    scenario.exact = false;
  }
  if (chance.with(faults.client_deaf)) {
    plan.deaf_after = static_cast<std::uint32_t>(chance.between(1, plan.requests));
    scenario.exact = false;
  }
  if (chance.with(faults.client_slow)) {
    plan.slow_bytes = static_cast<std::uint32_t>(chance.between(100, 20'000));
    plan.patience = Duration::zero();
  }
  return plan;
}

void draw_incident(Chance& chance, Scenario& scenario, std::uint32_t server, double rate,
                   Trouble trouble) {
  if (!chance.with(rate)) return;
  const bool is_unix = scenario.servers[server].family() == AF_UNIX;
  if (trouble == Trouble::vanished && is_unix) return;  // There is no network to lose it.
  // A short queue full of requests that timed out keeps a silent connection: nobody
  // comes through to find it out, and the simulated kernel sends no keepalives.
  if (trouble == Trouble::vanished && scenario.pool().server_queue_max < 16) return;
  Incident incident{server, trouble, chance.between(0ns, scenario.span), 1ms};
  if (trouble != Trouble::resets)
    incident.time = chance.between(1ms, chance.one_in(2) ? Duration(100ms) : Duration(3s));
  scenario.faults_end = std::max(scenario.faults_end, incident.after + incident.time);
  if (trouble == Trouble::vanished) scenario.lost_silently = true;
  scenario.incidents.push_back(incident);
}

void draw_incidents(Chance chance, Scenario& scenario) {
  const Faults& faults = scenario.faults;
  for (std::uint32_t server = 0; server < scenario.servers.size(); ++server) {
    draw_incident(chance, scenario, server, faults.server_hang, Trouble::hangs);
    draw_incident(chance, scenario, server, faults.server_die, Trouble::dead);
    draw_incident(chance, scenario, server, faults.server_reset, Trouble::resets);
    draw_incident(chance, scenario, server, faults.server_reset, Trouble::resets);
    draw_incident(chance, scenario, server, faults.server_vanish, Trouble::vanished);
    draw_incident(chance, scenario, server, faults.server_full, Trouble::full);
  }
  for (std::uint32_t server = 0; server < scenario.servers.size(); ++server) {
    draw_incident(chance, scenario, server, faults.server_drip, Trouble::drips);
  }
  for (std::uint32_t server = 0; server < scenario.servers.size(); ++server) {
    draw_incident(chance, scenario, server, faults.server_unable, Trouble::unable);
    draw_incident(chance, scenario, server, faults.server_choosy, Trouble::choosy);
  }
}

// One is gone for long, so that it is probed slowly; then all others go, too.
void draw_long_outage(Chance chance, Scenario& scenario) {
  if (!scenario.ejects || !chance.one_in(12)) return;
  const auto first = static_cast<std::uint32_t>(chance.between(0, scenario.servers.size() - 1));
  const Incident longest{first, Trouble::dead, chance.between(0ns, scenario.span),
                         chance.between(30s, 120s)};
  scenario.incidents.push_back(longest);
  const Duration others_after = longest.after + chance.between(10s, longest.time);
  for (std::uint32_t server = 0; server < scenario.servers.size(); ++server) {
    if (server == first) continue;
    scenario.incidents.push_back({server, Trouble::dead, others_after, chance.between(1s, 60s)});
  }
  for (const Incident& incident : scenario.incidents)
    scenario.faults_end = std::max(scenario.faults_end, incident.after + incident.time);
}

}  // namespace

Scenario draw_scenario(std::uint64_t seed) {
  Chance chance(seed);
  Scenario scenario;
  scenario.faults = draw_faults(chance.fork());
  draw_pool(chance.fork(), scenario);
  draw_ejection(chance.fork(), scenario);
  draw_listener(chance.fork(), scenario);
  draw_io(chance.fork(), scenario);
  draw_keys(chance.fork(), scenario);
  scenario.span = chance.between(20ms, 2s);
  scenario.faults_end = scenario.span;
  draw_incidents(chance.fork(), scenario);
  const Faults& faults = scenario.faults;
  if (faults.slow_segment > 0 || faults.connect_refused > 0 || faults.connect_ignored > 0 ||
      faults.connect_slow > 0 || faults.socket_emfile > 0 || faults.worker_stall > 0 ||
      faults.pipe_bytes < 16 * 1024 || faults.clock_jump > 0 || faults.router_pause > 0)
    scenario.errors_anywhere = true;
  const std::uint64_t clients = chance.between(1, 12);
  Chance client_chance = chance.fork();
  for (std::uint64_t i = 0; i < clients; ++i)
    scenario.clients.push_back(draw_client(client_chance, scenario));
  if (chance.one_in(8)) scenario.stop_after = chance.between(1ms, scenario.span);
  draw_drafts(chance.fork(), scenario);
  draw_hands(chance.fork(), scenario);
  draw_moves(chance.fork(), scenario);
  draw_memory(chance.fork(), scenario);
  draw_checks(chance.fork(), scenario);
  draw_misses(chance.fork(), scenario);
  draw_other_rings(chance.fork(), scenario);
  draw_second_pool(chance.fork(), scenario);
  draw_long_outage(chance.fork(), scenario);
  const bool more_flags = chance.fork().one_in(4);
  for (ClientPlan& plan : scenario.clients) plan.more_flags = more_flags;
  draw_short_memory(Chance(seed ^ memory_stream), scenario);
  for (ClientPlan& plan : scenario.clients) {
    // Others hold it for as long as they may.
    if (plan.patience > 0s && scenario.short_of_memory) plan.patience += 60s;
    if (plan.patience > 0s)
      plan.patience += 2 * (scenario.timeout_max() - *scenario.pool().timeout);
  }
  const bool hangs = std::ranges::count(scenario.incidents, Trouble::hangs, &Incident::trouble) > 0;
  scenario.waits_long = hangs || faults.slow_segment > 0 || faults.pipe_bytes < 16 * 1024 ||
                        faults.worker_stall > 0 || faults.clock_jump > 0 || faults.router_pause > 0;
  scenario.innocent = scenario.incidents.empty() && scenario.moves.empty() &&
                      faults.slow_segment == 0 && faults.pipe_bytes >= 16 * 1024 &&
                      faults.connect_refused == 0 && faults.connect_ignored == 0 &&
                      faults.connect_slow == 0 && !speaks_wrong(faults);
  for (ClientPlan& plan : scenario.clients) {
    // What is written in halves may be written a while after it was asked.
    plan.dismissed_within = scenario.waits_long ? plan.patience : plan.in_halves ? 80ms : 20ms;
  }
  // Whoever reads from a choosy server is never told so, as long as asking again is free.
  if (faults.server_choosy > 0) {
    for (config::Pool& pool : scenario.config.pools) pool.retry_budget = 1000;
    for (Draft& draft : scenario.drafts) {
      for (config::Pool& pool : draft.config.pools) pool.retry_budget = 1000;
    }
  }
  scenario.grace = scenario.recovery();
  return scenario;
}

namespace {

template <typename Time>
Duration longest(const Scenario& scenario, Time time) {
  Duration most{};
  scenario.each_pool([&](const config::Pool& pool) { most = std::max(most, time(pool)); });
  return most;
}

}  // namespace

Duration Scenario::timeout_max() const {
  return longest(*this, [](const config::Pool& pool) { return Duration(*pool.timeout); });
}

Duration Scenario::slowest_request() const {
  return longest(*this, [](const config::Pool& pool) {
    return *pool.timeout + 2 * pool.connect_timeout + 2 * pool.backoff_max + 100ms;
  });
}

Duration Scenario::recovery() const {
  const bool may_leave = ejects || !hands.empty() || !moves.empty() || !drafts.empty();
  return longest(*this, [&](const config::Pool& pool) {
    Duration time = 2 * *pool.timeout + 2 * pool.connect_timeout + 2 * pool.backoff_max + 2s;
    // The slowest probes, as many as it takes, and the longest wait of one that flaps.
    if (may_leave) time += (1 + pool.health.rise) * 20s;
    if (ejects) time += pool.eject.retry_max;
    return time;
  });
}

bool Scenario::checks_by(config::Check check) const {
  bool any = false;
  each_pool([&](const config::Pool& pool) { any |= pool.health.check == check; });
  return any;
}

std::uint32_t Scenario::number_of(const std::string& address) const {
  const auto found = std::ranges::find(every_server, address, &config::Server::address);
  return static_cast<std::uint32_t>(found - every_server.begin());
}

ClientPlan calm_client(const Scenario& scenario) {
  ClientPlan plan;
  plan.address = *net::Address::parse(tcp_bind);
  plan.requests = 10;
  plan.depth = 4;
  plan.keys_max = 10;
  plan.noreply = 0;
  plan.marks_all = lies(scenario.faults);
  plan.flushes = scenario.pool().flush_all == config::FlushAll::allowed;
  plan.keys_per_ask = scenario.config.listeners[0].keys_per_ask;
  plan.patience = patience(scenario);
  return plan;
}

void print(const Scenario& scenario) {
  const config::Pool& pool = scenario.pool();
  const config::Listener& listener = scenario.config.listeners[0];
  std::cout << "workers " << scenario.workers << ", servers " << scenario.servers.size()
            << ", clients " << scenario.clients.size() << ", keys " << scenario.keys.size()
            << ", span " << to_ms(scenario.span) << " ms, faults end " << to_ms(scenario.faults_end)
            << " ms, grace " << to_ms(scenario.grace) << " ms, stop after "
            << to_ms(scenario.stop_after) << " ms\n  timeout " << to_ms(*pool.timeout)
            << " ms, connect_timeout " << to_ms(pool.connect_timeout) << " ms, backoff "
            << to_ms(pool.backoff_min) << ".." << to_ms(pool.backoff_max) << " ms, connections "
            << pool.server_connections << ", queue " << pool.server_queue_max << ", in flight "
            << listener.client_in_flight_max << ", keys_per_ask " << listener.keys_per_ask
            << ", output_high " << listener.client_output_high << ", stream_min "
            << listener.stream_min << "\nfaults:\n";
  print(scenario.faults);
  for (const Draft& draft : scenario.drafts) {
    std::cout << "draft after " << to_ms(draft.after) << " ms" << (draft.fine ? ":" : " (wrong):");
    const config::Pool& written = draft.config.pools[0];
    for (const config::Server& server : written.servers) {
      std::cout << ' ' << server.name << '*' << server.weight;
      if (server.state != config::ServerState::up) std::cout << " (out)";
    }
    std::cout << ", pool " << written.name << ", " << written.hash << ", " << written.distribution
              << ", " << draft.config.listeners.size() << " listeners\n";
  }
}

}  // namespace ringway::sim
