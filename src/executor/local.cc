// What ringway answers by itself, what it sends to every server, and what it refuses.
// Its own answers take their place in the client's line like any server's.
#include <algorithm>
#include <fmt/format.h>

#include "exchange/error_text.h"
#include "executor/executor.h"

namespace ringway::proxy {

void Executor::start_local(ClientConn& client, const Request& request) {
  const proto::FigureSource figures{[&] { return totals(client); },
                                    [&] { return settings(client); },
                                    [&] { return out_of_service(client); }};
  std::string text;
  if (!dialect(client).local(request, figures, text)) return clients_.finish(client);
  if (!text.empty()) line_.answer(client, text);
}

// Why nobody of the listener's servers can be asked; empty if somebody can.
std::string Executor::out_of_service(const ClientConn& client) const {
  const pool::Pool& pool = client.rules->route->pool();
  const route::PoolLive& now = parts_.live[pool.number];
  if (now.all_up) [[likely]]
    return {};
  const auto up = [&](std::uint32_t server) {
    return servers_.standing(pool.servers[server].id) == Standing::up;
  };
  for (std::uint32_t i = 0; i < pool.member_count; ++i) {
    const std::uint32_t backup = now.backup_of[i];
    if (up(i) || (backup != route::PoolLive::no_backup && up(backup))) return {};
  }
  return of_pool(pool.name(), nobody_serves_text);
}

// Those by which clients and their libraries go.
proto::Figures Executor::settings(const ClientConn& client) const {
  const config::Listener& settings = client.rules->settings;
  const std::uint32_t clients_max =
      std::min(settings.clients_max.value_or(~0u), parts_.snapshot->config.clients_max);
  return {{"maxconns", fmt::to_string(clients_max)},
          {"item_size_max", fmt::to_string(settings.value_max)}};
}

// ringway's own, under the names that a server gives them where it has such a thing.
proto::Figures Executor::totals(const ClientConn& client) const {
  using metrics::WorkerMetric;
  proto::Figures figures;
  const auto add = [&](std::string name, const auto& value) {
    figures.push_back({std::move(name), fmt::to_string(value)});
  };
  const auto total = [&](WorkerMetric metric) { return parts_.registry.total(metric); };
  add("pid", parts_.io.process_id());
  add("uptime", (parts_.now - parts_.begun) / std::chrono::seconds(1));
  add("time", parts_.io.unix_now_s());
  add("version", dialect(client).version);
  add("generation", parts_.snapshot->generation);
  add("threads", parts_.snapshot->config.router.workers);
  add("curr_connections", total(WorkerMetric::clients));
  add("total_connections", total(WorkerMetric::clients_accepted));
  add("rejected_connections", total(WorkerMetric::clients_rejected));
  add("bytes_read", total(WorkerMetric::client_bytes_read));
  add("bytes_written", total(WorkerMetric::client_bytes_sent));
  add("requests", total(WorkerMetric::requests));
  add("requests_in_flight", total(WorkerMetric::in_flight));
  add("request_errors", total(WorkerMetric::request_errors));
  add("request_timeouts", total(WorkerMetric::requests_expired));
  for (const auto& pool : parts_.snapshot->pools) {
    add(fmt::format("pool.{}.servers", pool->name()), pool->member_count);
    add(fmt::format("pool.{}.servers_live", pool->name()), parts_.live[pool->number].live.count());
  }
  return figures;
}

// flush_all goes to every server of the pool, or to none.
void Executor::start_broadcast(ClientConn& client, const Request& request) {
  const pool::Pool& pool = client.rules->route->pool();
  if (pool.settings.flush_all != config::FlushAll::allowed) {
    clients_.say_refused(client, "flush_all",
                         "a flush_all: pool " + pool.name() + " has flush_all = \"refused\"");
    if (!request.noreply) line_.answer(client, dialect(client).not_allowed);
    return;
  }
  Exchange& exchange = line_.open(client, request);
  Gather& gather = exchanges_.make_gather(exchange);
  exchange.memo.set(parts_.buffers, request.memo);
  start_deadline(exchange, pool.settings);
  for (const pool::Server& server : pool.servers) {
    ask_broadcast(exchange, gather_fragment(gather.fragments, exchange, server.id, false));
  }
  if (gather.group_settled()) on_group_settled(exchange);
  if (at_head(exchange)) advance(client);
}

void Executor::ask_broadcast(Exchange& exchange, Fragment& fragment) {
  Servers::Refusal refusal;
  ServerConn* conn = connection(exchange, fragment.server, refusal);
  if (!conn) return refuse_part(exchange, fragment, refusal);
  write_request(*conn, conn->link.dialect->again(exchange.asked()));
  ++exchange.fragments_asked;
  servers_.queued(*conn, fragment);
}

// ringway itself refused a value: its key is deleted, for the old value may not be read any more,
// as servers have it. The delete and the error that is told share one place in the line.
void Executor::unlink(ClientConn& client, const Request& request, Bytes error) {
  const HashedKey key(dialect(client), request);
  std::string space;
  Request removal = dialect(client).removal(key.get(), space);
  removal.noreply = true;
  start_single(client, removal, Place::nowhere, error);
}

}  // namespace ringway::proxy
