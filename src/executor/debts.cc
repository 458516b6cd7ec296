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

// True if a client is told what the server answers.
bool hears(const Exchange& exchange) {
  return exchange.client && !exchange.silent;
}

// True if a client is told that the request failed, or was told so before it left. "Not stored",
// told by on_write_error, is no such word: the client cannot know whether it was done.
bool tells(const Exchange& exchange) {
  const bool reaches = exchange.client || exchange.settled;
  return reaches && !exchange.silent && !exchange.fails_unstored;
}

// True if the request may leave a value behind, also where there was none before.
bool may_store(const Exchange& exchange) {
  return changes_value(exchange.effect) && exchange.effect != Effect::removes;
}

}  // namespace

// Whether a lost request leaves a debt, by its row of the table in configs/failing-servers.md. A
// request that was never sent and was told as failed leaves none: the client knows.
bool Executor::owes(IfLost if_lost, bool sent, bool told) {
  switch (if_lost) {
    case IfLost::owed:
    case IfLost::owed_marked: return sent || !told;
    case IfLost::owed_untold: return !told;
    default: return false;
  }
}

// True if a late request owes its key should it not be done: until its reply comes, or its
// connection ends, that debt belongs to the connection and is not on the board.
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

// Returns false if the request leaves no debt; it is counted as lost in silence then, unless
// somebody was told.
bool Executor::owe_or_count(const Exchange& exchange, bool sent, bool told) {
  if (owes(exchange.if_lost, sent, told) && owe_in_order(exchange.first, false)) return true;
  if (!told) servers_.lost_silently(exchange.first.server);
  return false;
}

// The server may be about to be ejected: then every request that changes a value is owed to it,
// also one that its table row would forgive.
void Executor::doubt(const Exchange& exchange) {
  const bool touches = exchange.effect == Effect::touches;
  if (touches || exchange.first.stand_in) return;
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  servers_.owe_if_ejected(exchange.first.server, key.get());
}

// A flush_all that a server did not confirm is counted if nobody is told, and never owed.
void Executor::count_unconfirmed(const Fragment& fragment) {
  const Exchange& exchange = *fragment.exchange;
  const bool flushes = exchange.effect == Effect::broadcast;
  if (flushes && !hears(exchange)) servers_.lost_silently(fragment.server);
}

// For a fragment whose connection has ended.
void Executor::give_up_failed(const Fragment& fragment) {
  if (fragment.owes || fragment.pays || must_go(fragment)) owe_still(fragment);
  if (!fragment.late) give_up(*fragment.exchange, !fragment.never_offered);
}

// The fragment was to settle a debt by its answer, and will not be answered any more: the key goes
// back on the board.
void Executor::owe_still(const Fragment& fragment) {
  const bool counted = fragment.pays || !fragment.late;
  const bool owed = owe_in_order(fragment, counted);
  if (!owed && fragment.late && !tells(*fragment.exchange)) servers_.lost_silently(fragment.server);
}

// True if what the fragment has stored must be deleted: its server went out while it was under way,
// so a stand-in may have been told something newer.
bool Executor::must_go(const Fragment& fragment) {
  return fragment.overtaken && may_store(*fragment.exchange) && servers_.may_owe(fragment.server);
}

// Owes the key of a fragment. If its connection may still change the key, the delete is sent behind
// that, on the same connection; if not, the key goes on the board. False if nothing may be owed to
// this server.
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

// To be called before the request itself is written: an owed delete of its key goes out in front.
void Executor::pay_first(ServerConn& conn, Exchange& exchange) {
  const HashedKey key(servers_.dialect(exchange.first.server), exchange);
  if (exchange.if_lost != IfLost::owed) return pay_first(conn, key.get());
  exchange.first.pays |= conn.link.entry->pay_owed(key.get());
}

void Executor::pay_first(ServerConn& conn, Bytes key) {
  if (conn.link.entry->pay_owed(key)) send_delete(conn, key, true);
}

// For a fragment that was answered and had a debt to settle, was refused, or was overtaken. If it
// was done, the debt is paid. If it was refused, the older value is still there, and the delete
// goes behind it where nobody was told so.
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

// Sends the delete behind this fragment, on its connection, unless a later request there replaces
// or removes the key anyway.
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
