// What a server may hold that is older than its clients believe: a request was given up that was
// to replace or remove it. Such a key is owed, also to a server that stays in the ring.
//
//   given up before it was sent        owed, if nobody was told       } on the board, and
//   sent, and its connection is gone   owed, told or not              } the next request pays
//   sent, late, its connection lives   the debt is the connection's: its late reply settles it,
//                                      or the delete goes behind it
//
// The next request for the key pays: the delete goes out in front of it, on its connection. A set
// or a delete pays by its own good answer. The home worker pays what nobody asks for.
#include <string>

#include "ringway/proto/memcached/request.h"

#include "executor/executor.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using proto::memcached::HashedKey;
using proto::memcached::IfLost;

namespace {

// Somebody is told what its server says of it.
bool hears(const Exchange& exchange) {
  return exchange.client && !exchange.silent;
}

// Somebody is told that it failed. "Not stored" instead says nothing of that.
bool tells(const Exchange& exchange) {
  return hears(exchange) && !exchange.fails_unstored;
}

}  // namespace

// What was told as failed and never sent is as its client believes.
bool Executor::owes(const Exchange& exchange, bool sent) {
  switch (exchange.if_lost) {
    case IfLost::owed: return sent || !tells(exchange);
    case IfLost::owed_untold: return !tells(exchange);
    default: return false;
  }
}

void Executor::give_up(const Exchange& exchange, bool sent) {
  if (exchange.if_lost == IfLost::nothing) return;
  const HashedKey key(exchange.key.get(), exchange.base64);
  const pool::ServerId server = exchange.first.server;
  if (owes(exchange, sent) && servers_->owe(server, key.get())) return;
  if (!tells(exchange)) servers_->lost_silently(server);
  // It may be on its way out: then it owes whatever changes a value.
  const bool touches = row(exchange.command).kind == proto::memcached::CommandClass::touch;
  if (!touches && !exchange.first.stand_in) servers_->owe_if_ejected(server, key.get());
}

// Its connection is gone.
void Executor::give_up_failed(const Fragment& fragment) {
  if (fragment.owes || fragment.pays) owe_still(fragment);
  if (!fragment.late) give_up(*fragment.exchange, !fragment.unsent);
}

// It was to settle what is owed, and never will.
void Executor::owe_still(const Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const HashedKey key(exchange.key.get(), exchange.base64);
  servers_->owe(fragment.server, key.get(), fragment.pays);
}

// --- Paying -----------------------------------------------------------------------------

// Before its own request is written.
void Executor::pay_first(ServerConn& conn, Exchange& exchange) {
  const HashedKey key(exchange.key.get(), exchange.base64);
  if (exchange.if_lost != IfLost::owed) return pay_first(conn, key.get());
  exchange.first.pays |= conn.link.entry->pay_owed(key.get());
}

void Executor::pay_first(ServerConn& conn, Bytes key) {
  if (conn.link.entry->pay_owed(key)) send_delete(conn, key, true);
}

// An answer came to what owes or pays, or it was an error.
void Executor::settle_debts(Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  if (exchange.gather) return;
  if (!exchange.refused) {
    if (fragment.pays) servers_->counters(fragment.server)[ServerMetric::owed_delivered].add();
    return;
  }
  const bool untold = !fragment.late && !hears(exchange) && owes(exchange, true);
  if (fragment.owes || fragment.pays || untold) pay_behind(fragment);
}

// Unless somebody replaces or removes it behind this one anyway.
void Executor::pay_behind(Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const HashedKey key(exchange.key.get(), exchange.base64);
  ServerConn* conn = servers_->ready_connection(fragment.server, fragment.lane);
  if (!conn || !servers_->may_owe(fragment.server)) {
    if (!servers_->owe(fragment.server, key.get()) && !tells(exchange))
      servers_->lost_silently(fragment.server);
    return;
  }
  servers_->counters(fragment.server)[ServerMetric::owed].add();
  for (Fragment* later = conn->fifo_first; later; later = later->fifo_next) {
    Exchange& other = *later->exchange;
    if (other.if_lost != IfLost::owed || later->unsent) continue;
    if (HashedKey(other.key.get(), other.base64).get() != key.get()) continue;
    later->pays = true;
    return;
  }
  send_delete(*conn, key.get(), true);
}

}  // namespace ringway::proxy
