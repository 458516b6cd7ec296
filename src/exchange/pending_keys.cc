// Many are given up at a time, each behind the same FIFO: so it is looked through once, and a
// request counts as answered as soon as so many have left the FIFO.
#include "exchange/pending_keys.h"

#include <functional>

#include "ringway/base/assert.h"

#include "exchange/hashed_key.h"
#include "exchange/server_conn.h"

namespace ringway::proxy {

using proto::IfLost;

PendingChange PendingKeys::last(const ServerConn& conn, Bytes key) {
  if (!conn.fifo.first()) return PendingChange::none;
  if (asked_ != conn.fifo.joined()) look_through(conn);
  const auto found = changes_.find(std::hash<Bytes>{}(key));
  const std::uint64_t left = conn.fifo.joined() - conn.fifo.count();
  if (found == changes_.end() || found->second.number <= left) return PendingChange::none;
  return found->second.removes ? PendingChange::removal : PendingChange::change;
}

void PendingKeys::note_removal(const ServerConn& conn, Bytes key) {
  RINGWAY_ASSERT(conn.fifo.last() && conn.fifo.last()->exchange->internal);
  if (asked_ + 1 != conn.fifo.joined()) return look_through(conn);
  changes_[std::hash<Bytes>{}(key)] = {conn.fifo.joined(), true};
  asked_ = conn.fifo.joined();
}

void PendingKeys::look_through(const ServerConn& conn) {
  changes_.clear();
  asked_ = conn.fifo.joined();
  std::uint64_t number = asked_ - conn.fifo.count();
  for (const Fragment* one = conn.fifo.first(); one; one = one->fifo_next) {
    ++number;
    const Exchange& exchange = *one->exchange;
    const bool removes = exchange.internal && !exchange.key.get().empty();
    if (one->withdrawn || (!removes && exchange.if_lost == IfLost::nothing)) continue;
    const HashedKey key(*conn.link.dialect, exchange);
    changes_[std::hash<Bytes>{}(key.get())] = {number, removes};
  }
}

}  // namespace ringway::proxy
