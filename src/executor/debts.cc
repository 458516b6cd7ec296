// What a server may hold that is older than its clients believe: a request was given up that was
// to replace or remove it. Such a key is owed, also to a server that stays in the ring.
//
//   given up before it was sent        owed, if nobody was told       } on the board, and
//   sent, and its connection is gone   owed, told or not              } the next request pays
//   sent, late, its connection lives   the debt is the connection's: its late reply settles it,
//                                      or the delete goes behind it
//   overtaken: its server went out     whatever it has stored is older than what a stand-in was
//   while it was under way             told: the delete goes behind it, even if it was done
//
// The next request for the key pays: the delete goes out in front of it, on its connection. A set
// or a delete pays by its own good answer. The home worker pays what nobody asks for. But where a
// client's own connection may still change the key, no debt goes on the board: paid by another
// connection the delete would come first, and the older value after it.
#include <string>

#include "executor/executor.h"

namespace ringway::proxy {

using metrics::ServerMetric;
using proto::Effect;
using proto::IfLost;

namespace {

// Somebody is told what its server says of it.
bool hears(const Exchange& exchange) {
  return exchange.client && !exchange.silent;
}

// Somebody is told that it failed, or was before he left. "Not stored" instead says nothing of
// that.
bool tells(const Exchange& exchange) {
  const bool reaches = exchange.client || exchange.settled;
  return reaches && !exchange.silent && !exchange.fails_unstored;
}

// Where there was nothing before, too.
bool may_store(const Exchange& exchange) {
  return changes_value(exchange.effect) && exchange.effect != Effect::removes;
}

}  // namespace

// What was told as failed and never sent is as its client believes.
bool Executor::owes(IfLost if_lost, bool sent, bool told) {
  switch (if_lost) {
    case IfLost::owed:
    case IfLost::owed_marked: return sent || !told;
    case IfLost::owed_untold: return !told;
    default: return false;
  }
}

// Until its reply comes, or its connection is gone, the debt is the connection's.
bool Executor::owes_once_late(const Exchange& exchange) {
  return owes(exchange.if_lost, true, tells(exchange));
}

void Executor::give_up(const Exchange& exchange, bool sent) {
  give_up(exchange, sent, tells(exchange));
}

void Executor::give_up(const Exchange& exchange, bool sent, bool told) {
  if (exchange.if_lost == IfLost::nothing) return;
  if (!owe_or_count(exchange, sent, told)) doubt(exchange);
}

// False if it is not owed; it is counted then if nobody was told.
bool Executor::owe_or_count(const Exchange& exchange, bool sent, bool told) {
  if (owes(exchange.if_lost, sent, told) && owe_in_order(exchange.first, false)) return true;
  if (!told) servers_.lost_silently(exchange.first.server);
  return false;
}

// It may be on its way out: then it owes whatever changes a value.
void Executor::doubt(const Exchange& exchange) {
  const bool touches = exchange.effect == Effect::touches;
  if (touches || exchange.first.stand_in) return;
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  servers_.owe_if_ejected(exchange.first.server, key.get());
}

// A server may not have flushed what it has: nothing is owed for that.
void Executor::count_unconfirmed(const Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const bool flushes = exchange.effect == Effect::broadcast;
  if (flushes && !hears(exchange)) servers_.lost_silently(fragment.server);
}

// Its connection is gone.
void Executor::give_up_failed(const Fragment& fragment) {
  if (fragment.owes || fragment.pays || must_go(fragment)) owe_still(fragment);
  if (!fragment.late) give_up(*fragment.exchange, !fragment.never_offered);
}

// It was to settle what is owed, and never will.
void Executor::owe_still(const Fragment& fragment) {
  const bool counted = fragment.pays || !fragment.late;
  const bool owed = owe_in_order(fragment, counted);
  if (!owed && fragment.late && !tells(*fragment.exchange)) servers_.lost_silently(fragment.server);
}

// Where a stand-in may have been told something newer.
bool Executor::must_go(const Fragment& fragment) {
  return fragment.overtaken && may_store(*fragment.exchange) && servers_.may_owe(fragment.server);
}

// Behind what its connection may still do to the key; on the board if that is nothing. False if
// nothing is owed to this server.
bool Executor::owe_in_order(const Fragment& fragment, bool counted) {
  const Exchange& exchange = *fragment.exchange;
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  ServerConn* conn = servers_.placed_connection(fragment.server, fragment.lane);
  const bool pending = conn && conn->fifo.first() && servers_.may_owe(fragment.server);
  const PendingChange last =
      pending ? conn->pending_keys.last(*conn, key.get()) : PendingChange::none;
  if (last == PendingChange::none) return servers_.owe(fragment.server, key.get(), counted);
  if (!counted) servers_.counters(fragment.server)[ServerMetric::owed].add();
  if (last == PendingChange::removal) return true;
  send_delete(*conn, key.get(), true);
  conn->pending_keys.note_removal(*conn, key.get());
  return true;
}

// --- Paying -----------------------------------------------------------------------------

// Before its own request is written.
void Executor::pay_first(ServerConn& conn, Exchange& exchange) {
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  if (exchange.if_lost != IfLost::owed) return pay_first(conn, key.get());
  exchange.first.pays |= conn.link.entry->pay_owed(key.get());
}

void Executor::pay_first(ServerConn& conn, Bytes key) {
  if (conn.link.entry->pay_owed(key)) send_delete(conn, key, true);
}

// It was answered, and that was an error, or it pays, or was overtaken. Where it was done, what it
// was to pay is paid. Where not, what it was to replace or remove is still there: nobody was told
// so, or was told of a timeout before, or something older is owed anyway.
void Executor::settle_debts(Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  if (exchange.gather) return;
  if (must_go(fragment)) return pay_behind(fragment);
  if (!exchange.refused) {
    if (fragment.pays) servers_.counters(fragment.server)[ServerMetric::owed_delivered].add();
    return;
  }
  const bool untold = !fragment.late && !hears(exchange) && owes(exchange.if_lost, true, false);
  if (fragment.owes || fragment.pays || untold) pay_behind(fragment);
}

// Unless somebody replaces or removes it behind this one anyway.
void Executor::pay_behind(Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  ServerConn* conn = servers_.ready_connection(fragment.server, fragment.lane);
  if (!conn || !servers_.may_owe(fragment.server)) {
    if (!servers_.owe(fragment.server, key.get()) && !tells(exchange))
      servers_.lost_silently(fragment.server);
    return;
  }
  if (!fragment.pays) servers_.counters(fragment.server)[ServerMetric::owed].add();
  for (Fragment* later = conn->fifo.first(); later; later = later->fifo_next) {
    Exchange& other = *later->exchange;
    if (other.if_lost != IfLost::owed || later->withdrawn) continue;
    if (HashedKey(*conn->link.dialect, other).get() != key.get()) continue;
    later->pays = true;
    return;
  }
  send_delete(*conn, key.get(), true);
}

}  // namespace ringway::proxy
