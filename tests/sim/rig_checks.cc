// What must hold: between two turns, at rest, and at the end.
#include <algorithm>
#include <cstdio>

#include "sim/fail.h"
#include "sim/rig.h"

namespace ringway::sim {

using metrics::ServerMetric;
using metrics::WorkerMetric;

// No queue passes its limit, whatever happens.
void Rig::check_turn(worker::Worker& worker) {
  worker.check_invariants();
  eject_model_->check_overdue(std::chrono::seconds(5) + 2 * scenario_.stall_max(),
                              scenario_.faults.socket_emfile == 0);
  const config::Listener& limits = scenario_.config.listeners[0];
  const config::Pool& pool = scenario_.pool();
  worker.clients().each([&](proxy::ClientConn& client) {
    SIM_REQUIRE(client.line_count <= limits.client_in_flight_max, "%u requests of one client",
                client.line_count);
    SIM_REQUIRE(client.output.size() <= limits.client_output_max, "%zu bytes owed to one client",
                client.output.size());
  });
  worker.servers().each([&](proxy::ServerConn& conn) {
    // Beside what clients asked: a check, and as many owed deletes as requests at most.
    SIM_REQUIRE(conn.fifo.count() <= 2 * pool.server_queue_max + 1,
                "%u requests queued to one server", conn.fifo.count());
  });
}

// What a worker lends stays within its part, an eighth more for what is half there, what comes in
// one turn (as much as it can receive, in blocks that are twice as large at most), a value that a
// server had begun to say when no other one came (blocks are a quarter larger), and a small one on
// each connection to a server.
void Rig::check_lent(worker::Worker& worker) {
  const proxy::WorkerParts& parts = worker.parts();
  constexpr std::uint64_t connections_max = 2;
  const std::uint64_t most =
      parts.memory.bytes_max() / 8 * 9 + 2 * parts.io.receive_bytes_max() +
      short_memory_value_max / 4 * 5 +
      scenario_.every_server.size() * connections_max * 2 * proxy::Clients::modest_bytes_max;
  SIM_REQUIRE(parts.buffers.lent_bytes() <= most, "%zu bytes are lent, at most %llu may be",
              parts.buffers.lent_bytes(), static_cast<unsigned long long>(most));
}

// Whoever has nothing to ask any more waits for nothing, but for those who do not take what they
// asked for.
void Rig::check_nobody_waits_for_memory() {
  run_for(std::chrono::seconds(5));
  for (Seat& seat : seats_) {
    seat.worker->clients().each([](proxy::ClientConn& client) {
      const bool reads = client.output.held() + client.stashed <= proxy::Clients::modest_bytes_max;
      SIM_REQUIRE(!reads || !client.pauses.holds(proxy::PauseReason::memory),
                  "the client of fd %d waits for memory, and has nothing to ask", client.fd);
    });
  }
}

// What the router looks like when it is stuck.
void Rig::describe() {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    worker::Worker& worker = *seats_[i].worker;
    std::fprintf(stderr, "worker %zu: %u operations, %zu exchanges\n", i,
                 seats_[i].io->ops_in_flight(), worker.open_exchanges());
    worker.clients().each([](proxy::ClientConn& client) {
      std::fprintf(
          stderr, "  client fd %d:%s%s%s%s%s%s line %u, owed %zu bytes, waiting %zu bytes\n",
          client.fd, client.closing ? " closing" : "", client.finishing ? " finishing" : "",
          client.lingering ? " lingering" : "", client.input_ended ? " input_ended" : "",
          client.paused ? " paused" : "", client.blocked ? " blocked" : "", client.line_count,
          client.output.size(), client.input.size());
    });
    worker.servers().each([](proxy::ServerConn& conn) {
      std::fprintf(stderr, "  server %s fd %d: state %d, fifo %u, unsent %zu bytes\n",
                   conn.link.label.c_str(), conn.fd, static_cast<int>(conn.state),
                   conn.fifo.count(), conn.output.unsent());
    });
  }
}

// Whoever was out is back, once nothing is wrong any more.
void Rig::check_all_up() {
  const reload::SharedSnapshot snapshot = control_->snapshot();
  for (const auto& pool : snapshot->pools) {
    for (const pool::Server& server : pool->servers) {
      const proxy::Standing standing = shared_->board.standing(server.id);
      SIM_REQUIRE(standing == proxy::Standing::up, "server %s of pool %s is still %s: it %s",
                  server.name.c_str(), pool->name().c_str(),
                  std::string(proxy::word(standing)).c_str(),
                  shared_->board.cause(server.id).c_str());
    }
  }
}

// The listener of these is gone: they were told to leave in time. Others go by themselves.
void Rig::check_dismissed() {
  const bool gone = control_->snapshot()->config.listeners.size() < 2;
  const bool any = std::ranges::any_of(clients_, &FakeClient::is_side);
  if (gone && any) run_for(scenario_.config.router.drain_timeout + std::chrono::seconds(1));
  for (const auto& client : clients_) {
    if (!client->is_side()) continue;
    SIM_REQUIRE(!gone || client->dismissed(), "a client stays although its listener is gone: %s",
                client->waiting_for().c_str());
    client->leave();
  }
}

// After the last reload: no id is kept for a server that nobody has any more.
void Rig::check_reloaded() {
  const reload::SharedSnapshot snapshot = control_->snapshot();
  const config::Config& written =
      scenario_.drafts.empty() ? scenario_.config : scenario_.drafts.back().config;
  SIM_REQUIRE(snapshot->config.pools == written.pools, "what was written last is not in force");
  std::size_t servers = 0;
  for (const auto& pool : snapshot->pools) servers += pool->servers.size();
  for (const auto& report : shared_->reports) {
    SIM_REQUIRE(report->generation == snapshot->generation, "a worker is behind");
    SIM_REQUIRE(report->settled == snapshot->generation || scenario_.lost_silently,
                "a server that is gone is still somewhere");
  }
  SIM_REQUIRE(shared_->board.size() == servers || scenario_.lost_silently,
              "%zu ids for %zu servers", shared_->board.size(), servers);
}

// Of so many keys that a server missed nobody knows any more.
std::uint64_t Rig::forgotten(std::uint32_t server) const {
  if (scenario_.keeps) return model_.keys();
  std::uint64_t dropped = 0;
  const reload::SharedSnapshot snapshot = control_->snapshot();
  for (const pool::Server& present : snapshot->pools[0]->servers) {
    if (scenario_.number_of(present.address) != server) continue;
    dropped += shared_->board.entry(present.id).owed().dropped;
  }
  return dropped;
}

// Nothing is forgotten where all has room, and nothing remembered where that is not wanted.
void Rig::check_memory() const {
  if (!scenario_.drafts.empty()) return;
  const config::Eject& rule = scenario_.pool().eject;
  const bool keeps = rule.on_readmit == config::OnReadmit::keep;
  const reload::SharedSnapshot snapshot = control_->snapshot();
  for (const pool::Server& server : snapshot->pools[0]->servers) {
    const auto owed = shared_->board.entry(server.id).owed();
    SIM_REQUIRE(owed.bytes <= rule.owed_max, "%llu bytes of keys are remembered for server %s",
                static_cast<unsigned long long>(owed.bytes), server.name.c_str());
    const bool up = shared_->board.standing(server.id) == proxy::Standing::up;
    SIM_REQUIRE(owed.keys == 0 || !up, "server %s is up, and %zu keys are owed to it still",
                server.name.c_str(), owed.keys);
    // Each key twice at most: as owed, and as written in vain while that was still to be seen.
    std::uint64_t room = 0;
    for (KeyIndex key = 0; key < model_.keys(); ++key) {
      room += 2 * (model_.key(key).text.size() + proxy::Owed::key_overhead_bytes);
    }
    const Faults& faults = scenario_.faults;
    const bool refuses = faults.server_refuse > 0 || faults.server_insert > 0 ||
                         faults.server_misread > 0 || faults.server_unable > 0 ||
                         faults.server_choosy > 0;
    SIM_REQUIRE(owed.dropped == 0 || refuses || room > rule.owed_max,
                "keys of server %s are forgotten", server.name.c_str());
    const auto counted = [&](ServerMetric metric) {
      return shared_->registry.total("sim", server.name, metric);
    };
    SIM_REQUIRE(!keeps || counted(ServerMetric::owed) + counted(ServerMetric::owed_delivered) == 0,
                "server %s is owed something, and should keep what it has", server.name.c_str());
  }
}

void Rig::check_rest() {
  check_reloaded();
  check_memory();
  for (Seat& seat : seats_) {
    worker::Worker& worker = *seat.worker;
    check_turn(worker);
    SIM_REQUIRE(worker.clients().size() == 0, "%u clients at rest", worker.clients().size());
    // What a dead connection still owes is dropped when the connection is found out.
    if (scenario_.lost_silently) continue;
    SIM_REQUIRE(worker.open_exchanges() == 0, "%zu exchanges at rest", worker.open_exchanges());
    SIM_REQUIRE(worker.servers().in_flight() == 0, "%u fragments at rest",
                worker.servers().in_flight());
    SIM_REQUIRE(worker.parts().memory.promised() == 0, "memory is promised at rest");
    SIM_REQUIRE(worker.parts().buffers.lent_bytes() == 0, "%zu bytes of buffers lent at rest",
                worker.parts().buffers.lent_bytes());
  }
  if (scenario_.lost_silently) return;  // The router cannot know of every dead connection.
  for (const Move& move : scenario_.moves)
    SIM_REQUIRE(!move.to || servers_[move.server]->connections() == 0,
                "server %u is not where it was, and still has connections there", move.server);
  const std::size_t connections = router_connections();
  SIM_REQUIRE(server_connections() == connections, "servers see %zu connections, the router %zu",
              server_connections(), connections);
  const config::Pool& pool = scenario_.pool();
  const std::size_t all = seats_.size() * pool.servers.size() * pool.server_connections;
  SIM_REQUIRE(!pool.preconnect || connections == all || !scenario_.drafts.empty(),
              "%zu of %zu connections are there beforehand", connections, all);
}

std::size_t Rig::router_connections() {
  std::size_t count = 0;
  for (Seat& seat : seats_) seat.worker->servers().each([&](proxy::ServerConn&) { ++count; });
  return count;
}

std::size_t Rig::server_connections() const {
  std::size_t count = 0;
  for (const auto& server : servers_) count += server->connections();
  return count;
}

void Rig::check_counters() {
  const metrics::Registry& registry = shared_->registry;
  const auto total = [&](WorkerMetric metric) { return registry.total(metric); };
  const auto of_servers = [&](ServerMetric metric) {
    std::uint64_t sum = 0;
    for (const config::Server& server : scenario_.pool().servers)
      sum += registry.total("sim", server.name, metric);
    return sum;
  };
  const Tally& tally = model_.tally;
  SIM_REQUIRE(total(WorkerMetric::clients) == 0 && total(WorkerMetric::in_flight) == 0 &&
                  (of_servers(ServerMetric::queued) == 0 || scenario_.lost_silently),
              "gauges are not back at zero");
  if (tally.lies == 0) {
    SIM_REQUIRE(of_servers(ServerMetric::foreign) == 0, "replies were taken for foreign");
    SIM_REQUIRE(of_servers(ServerMetric::replies) <= tally.executed, "more replies than requests");
  }
  if (!scenario_.exact || tally.unheard > 0) return;
  SIM_REQUIRE(total(WorkerMetric::requests) == tally.requests, "%llu requests counted, %llu made",
              static_cast<unsigned long long>(total(WorkerMetric::requests)),
              static_cast<unsigned long long>(tally.requests));
  SIM_REQUIRE(total(WorkerMetric::requests_rejected) == tally.rejected,
              "rejected are counted wrong");
  SIM_REQUIRE(total(WorkerMetric::keys) == tally.keys, "keys are counted wrong");
  const bool nothing_wrong =
      scenario_.drafts.empty() && !scenario_.errors_anywhere && scenario_.incidents.empty() &&
      total(WorkerMetric::request_errors) == 0 &&  // Also those that were told as a miss.
      tally.errors == 0 && tally.lies == 0 && tally.complaints == 0 && !scenario_.ejects &&
      of_servers(ServerMetric::lost_silently) == 0 && of_servers(ServerMetric::owed) == 0 &&
      scenario_.hands.empty() && scenario_.moves.empty();
  if (!nothing_wrong) return;
  SIM_REQUIRE(of_servers(ServerMetric::replies) == tally.executed &&
                  of_servers(ServerMetric::requests) == tally.executed,
              "servers executed %llu requests, the router counts %llu and %llu replies",
              static_cast<unsigned long long>(tally.executed),
              static_cast<unsigned long long>(of_servers(ServerMetric::requests)),
              static_cast<unsigned long long>(of_servers(ServerMetric::replies)));
}

void Rig::check_stopped() {
  for (Seat& seat : seats_) {
    SIM_REQUIRE(seat.worker->stopped(), "control is over, a worker is not");
    SIM_REQUIRE(seat.io->ops_in_flight() == 0, "%u operations at the end",
                seat.io->ops_in_flight());
    SIM_REQUIRE(seat.worker->open_exchanges() == 0, "exchanges at the end");
    SIM_REQUIRE(seat.worker->parts().buffers.lent_bytes() == 0, "buffers at the end");
    SIM_REQUIRE(seat.io->open_fds() == 0, "%u descriptors leaked", seat.io->open_fds());
  }
  scenario_.each_pool([this](const config::Pool& pool) { check_gauges(pool); });
}

// Under every name that a server and its pool ever had.
void Rig::check_gauges(const config::Pool& pool) const {
  for (const config::Server& server : pool.servers) {
    const auto at_end = [&](ServerMetric metric) {
      return shared_->registry.total(pool.name, server.name, metric);
    };
    SIM_REQUIRE(at_end(ServerMetric::connections) == 0 && at_end(ServerMetric::queued) == 0,
                "connections of server %s are counted at the end", server.name.c_str());
  }
}

}  // namespace ringway::sim
