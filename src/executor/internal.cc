// Requests that no client asked for: checks, and deletes that are owed to a server that
// was away. They are exchanges without a client, from the beginning what orphans are.
#include <utility>

#include "executor/executor.h"

namespace ringway::proxy {

Exchange& Executor::open_internal(const Request& request) {
  Exchange& exchange = exchanges_.make(request);
  exchange.internal = true;
  exchange.answered = true;
  return exchange;
}

// Unless an earlier check on this ready connection is still unanswered: asks its server whether it
// lives. On a connection that delivers too slowly, checks would pile up.
void Executor::send_check(ServerConn& conn) {
  if (std::exchange(conn.checked, true)) return;
  const Request request = conn.link.dialect->check();
  Exchange& exchange = open_internal(request);
  exchange.check = true;
  write_request(conn, request);
  exchange.first.server = conn.link.id;
  ++exchange.fragments_asked;
  servers_.queued(conn, exchange.first);
}

void Executor::send_owed_delete(ServerConn& conn, Bytes key) {
  send_delete(conn, key, false);
}

// `for_traffic`: the delete goes out in front of a client's request for the key, not from the home
// worker.
void Executor::send_delete(ServerConn& conn, Bytes key, bool for_traffic) {
  std::string space;  // scratch_ may hold flags of the request that this one goes out before.
  const Request request = conn.link.dialect->removal(key, space);
  Exchange& exchange = open_internal(request);
  exchange.key.set(parts_.buffers, request.key);
  exchange.memo.set(parts_.buffers, request.memo);
  exchange.pays_for_traffic = for_traffic;
  write_request(conn, request);
  exchange.first.server = conn.link.id;
  ++exchange.fragments_asked;
  servers_.queued(conn, exchange.first);
  // Nobody waits for its answer: nobody else would see that there is none.
  if (conn.link.timeout) servers_.look_for_silence(conn, *conn.link.timeout);
}

// A check or an owed delete has left its FIFO. `answered` is false if it had no answer; `what` says
// why then.
void Executor::on_internal_over(Exchange& exchange, bool answered, Bytes what) {
  const pool::ServerId server = exchange.first.server;
  const bool check = exchange.check;
  const bool unable = exchange.first.unable;
  // A ringway that cannot do it now may do it later: its key stays owed. One that is to come back
  // would stay out for as long.
  if (unable && !check && servers_.standing(server) == Standing::up) answered = false;
  std::string key;
  if (!check && !answered) {
    key = HashedKey(servers_.dialect(server), exchange).get();
  }
  const bool for_traffic = exchange.pays_for_traffic;
  // It would end every connection that it is sent on.
  const bool shunned = !answered && servers_.shuns(server, exchange.command);
  const bool refused = exchange.refused || shunned;
  answered |= shunned;
  if (for_traffic && !answered) owe_unpaid(exchange.first, key);
  exchanges_.end_if_over(exchange);
  if (for_traffic) return answered ? on_paid(server, refused) : void();
  if (check && unable) return news_.on_disproved(server, servers_.what_it_says(server));
  if (check) return answered ? news_.on_proved(server) : news_.on_disproved(server, what);
  if (answered) return news_.on_owed_answered(server, !refused);
  news_.on_owed_failed(server, std::move(key));
}

// If an owed delete for traffic was not done, owes its key again. Answered (a ringway could not do
// it now): on the board, for nothing older is under way. Connection ended: older requests may have
// been asked anew on its successor, so the delete goes behind them there, or on the board.
void Executor::owe_unpaid(const Fragment& fragment, Bytes key) {
  if (!fragment.unable)
    owe_in_order(fragment, true);
  else
    servers_.owe(fragment.server, key, true);
}

void Executor::on_paid(pool::ServerId server, bool refused) {
  if (refused) return servers_.entry(server).drop_owed();
  servers_.counters(server)[metrics::ServerMetric::owed_delivered].add();
}

}  // namespace ringway::proxy
