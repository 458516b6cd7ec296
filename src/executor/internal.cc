// Requests that no client asked for: checks, and deletes that are owed to a server that
// was away. They are exchanges without a client, from the beginning what orphans are.
#include <utility>

#include "ringway/proto/memcached/request.h"

#include "executor/executor.h"

namespace ringway::proxy {

using proto::memcached::Command;

Exchange& Executor::open_internal(Command command) {
  Exchange& exchange = exchanges_.make();
  exchange.command = command;
  exchange.internal = true;
  exchange.answered = true;
  exchange.first.exchange = &exchange;
  return exchange;
}

// One at a time: on a connection that delivers too slowly they would pile up.
void Executor::send_check(ServerConn& conn) {
  if (std::exchange(conn.checked, true)) return;
  Exchange& exchange = open_internal(Command::version);
  Request request;
  request.command = Command::version;
  write_request(conn, request);
  exchange.first.server = conn.link.id;
  ++exchange.fragments_asked;
  servers_->queued(conn, exchange.first);
}

void Executor::send_owed_delete(ServerConn& conn, Bytes key) {
  send_delete(conn, key, false);
}

// `for_traffic`: with a request for the same key, and not by the home worker.
void Executor::send_delete(ServerConn& conn, Bytes key, bool for_traffic) {
  char encoded[proto::memcached::encoded_key_bytes_max];
  Request request;
  const bool plain = proto::memcached::is_plain_key(key);
  request.command = plain ? Command::delete_ : Command::md;
  request.key = plain ? key : proto::memcached::encode_key(key, encoded);
  request.key_count = 1;
  request.base64 = !plain;
  if (!plain) request.meta_flags = "b";
  Exchange& exchange = open_internal(request.command);
  exchange.key.set(bench_.buffers, request.key);
  exchange.base64 = request.base64;
  exchange.pays_for_traffic = for_traffic;
  write_request(conn, request);
  exchange.first.server = conn.link.id;
  ++exchange.fragments_asked;
  servers_->queued(conn, exchange.first);
}

// `answered`: with `what` where that is an error.
void Executor::on_internal_over(Exchange& exchange, bool answered, Bytes what) {
  const pool::ServerId server = exchange.first.server;
  const bool check = exchange.command == Command::version;
  std::string key;
  if (!check && !answered) {
    key = proto::memcached::HashedKey(exchange.key.get(), exchange.base64).get();
  }
  const bool for_traffic = exchange.pays_for_traffic;
  const bool refused = exchange.refused;
  release_if_over(exchange);
  if (for_traffic) return on_paid(server, answered, refused, key);
  if (check) return answered ? health_->on_proved(server) : health_->on_disproved(server, what);
  if (answered) return health_->on_owed_answered(server, !refused);
  health_->on_owed_failed(server, std::move(key));
}

void Executor::on_paid(pool::ServerId server, bool answered, bool refused, Bytes key) {
  if (!answered) {
    servers_->owe(server, key, true);
  } else if (refused) {
    servers_->entry(server).drop_owed();
  } else {
    servers_->counters(server)[metrics::ServerMetric::owed_delivered].add();
  }
}

}  // namespace ringway::proxy
