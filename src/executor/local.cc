// What ringway answers by itself, what it sends to every server, and what it refuses.
// Its own answers take their place in the client's line like any server's.
#include <algorithm>
#include <fmt/core.h>

#include "executor/executor.h"

namespace ringway::proxy {

using proto::memcached::Command;

namespace {

// Clients read a memcached's version and decide what it can: ringway speaks what
// 1.6.18 speaks, and says who it is in a word of its own behind that (npm's memcached
// takes the last three numbers of the first word).
#define RINGWAY_SAYS_VERSION "1.6.18 ringway-" RINGWAY_VERSION
constexpr Bytes version_text = RINGWAY_SAYS_VERSION;
constexpr Bytes version_reply = "VERSION " RINGWAY_SAYS_VERSION;

// memcached's own words, where it was told not to: no server has failed.
constexpr Bytes flush_refusal = "CLIENT_ERROR flush_all not allowed";

void add_stat(std::string& text, std::string_view name, const auto& value) {
  fmt::format_to(std::back_inserter(text), "STAT {} {}\r\n", name, value);
}

}  // namespace

void Executor::start_local(ClientConn& client, const Request& request) {
  switch (request.command) {
    case Command::version: return answer(client, version_reply);
    case Command::quit: return clients_->finish(client);
    // The barrier: in its place in the line, it waits for all that was asked before.
    case Command::mn: return answer(client, "MN\r\n");
    case Command::verbosity:
      if (!request.noreply) answer(client, "OK\r\n");
      return;
    case Command::stats: return answer(client, stats_text(client, request.argument));
    default: return answer(client, "ERROR\r\n");
  }
}

// ringway's own figures under the names that memcached gives them, where it has
// such a thing; servers are asked for nothing. It holds no items, so it has none to tell of.
std::string Executor::stats_text(const ClientConn& client, Bytes of) const {
  std::string text;
  if (of.empty()) add_figures(text);
  if (of == "settings") add_settings(client, text);
  return text + "END\r\n";
}

// Those by which clients and their libraries go.
void Executor::add_settings(const ClientConn& client, std::string& text) const {
  const config::Listener& settings = clients_->listener(client).settings;
  const std::uint32_t clients_max =
      std::min(settings.clients_max.value_or(~0u), bench_.snapshot->config.clients_max);
  add_stat(text, "maxconns", clients_max);
  add_stat(text, "item_size_max", settings.value_max);
}

void Executor::add_figures(std::string& text) const {
  using metrics::WorkerMetric;
  const auto add = [&](std::string_view name, const auto& value) { add_stat(text, name, value); };
  const auto total = [&](WorkerMetric metric) { return bench_.registry.total(metric); };
  add("pid", bench_.io.process_id());
  add("uptime", (bench_.now - bench_.begun) / std::chrono::seconds(1));
  add("time", bench_.io.unix_now_s());
  add("version", version_text);
  add("generation", bench_.snapshot->generation);
  add("threads", bench_.snapshot->config.router.workers);
  add("curr_connections", total(WorkerMetric::clients));
  add("total_connections", total(WorkerMetric::clients_accepted));
  add("rejected_connections", total(WorkerMetric::clients_rejected));
  add("bytes_read", total(WorkerMetric::client_bytes_read));
  add("bytes_written", total(WorkerMetric::client_bytes_sent));
  add("requests", total(WorkerMetric::requests));
  add("requests_in_flight", total(WorkerMetric::in_flight));
  add("request_errors", total(WorkerMetric::request_errors));
  add("request_timeouts", total(WorkerMetric::requests_expired));
  for (const auto& pool : bench_.snapshot->pools) {
    add(fmt::format("pool.{}.servers", pool->name()), pool->member_count);
    add(fmt::format("pool.{}.servers_live", pool->name()), bench_.live[pool->number].live.count());
  }
}

// flush_all goes to every server of the pool, or to none.
void Executor::start_broadcast(ClientConn& client, const Request& request) {
  const pool::Pool& pool = clients_->listener(client).route->pool();
  if (pool.settings.flush_all != config::FlushAll::allowed) {
    clients_->say_refused(client, "flush_all",
                          "a flush_all: pool " + pool.name() + " has flush_all = \"refused\"");
    if (!request.noreply) answer(client, flush_refusal);
    return;
  }
  Exchange& exchange = open(client, request);
  Gather& gather = gathers_.make();
  exchange.gather = &gather;
  gather.exptime = request.exptime;
  start_deadline(exchange, pool.settings);
  for (const pool::Server& server : pool.servers) {
    ask_broadcast(exchange, gather_fragment(gather.fragments, exchange, server.id, false));
  }
  if (group_settled(gather)) on_group_settled(exchange);
  if (at_head(exchange)) advance(client);
}

void Executor::ask_broadcast(Exchange& exchange, Fragment& fragment) {
  Servers::Refusal refusal;
  ServerConn* conn = connection(exchange, fragment.server, refusal);
  if (!conn) return refuse_part(exchange, fragment, refusal);
  Request request;
  request.command = exchange.command;
  request.exptime = exchange.gather->exptime;
  write_request(*conn, request);
  ++exchange.fragments_asked;
  servers_->queued(*conn, fragment);
}

// A value that was refused replaces nothing, yet the old one may not be read any
// more, as memcached has it. Both share one place in the line.
void Executor::unlink(ClientConn& client, Bytes key, bool base64, Bytes error) {
  Request request;
  request.command = base64 ? Command::md : Command::delete_;
  request.base64 = base64;
  if (base64) request.meta_flags = "b";
  request.key = key;
  request.key_count = 1;
  request.noreply = true;
  start_single(client, request, Place::nowhere, error);
}

}  // namespace ringway::proxy
