// Keys whose home is out. What a stand-in is told lives no longer than eject.ttl_max, so
// that no view of another router stays wrong for longer; its cas tokens are no good at home
// and the home's none here; and what the home misses is owed to it.
#include <algorithm>
#include <utility>

#include "exchange/error_text.h"
#include "executor/executor.h"

namespace ringway::proxy {

using metrics::PoolMetric;
using metrics::ServerMetric;
using proto::Effect;

std::optional<proto::TtlCap> Executor::ttl_cap(const config::Pool& settings) const {
  if (!settings.eject.ttl_max) return std::nullopt;
  const auto ttl_max = std::chrono::ceil<std::chrono::seconds>(*settings.eject.ttl_max);
  return proto::TtlCap{ttl_max.count(), parts_.io.unix_now_s()};
}

// Returns false if the request was answered here: its cas token is of another server.
bool Executor::adapt_to_stand_in(Exchange& exchange, const route::Part& step, Request& request) {
  if (request.cas_given && changes_value(request.effect) && !token_fits(step, request)) {
    (*parts_.pool_counters[step.pool])[PoolMetric::cas_refused].add();
    answer_exists(exchange);
    return false;
  }
  if (!step.stand_in) return true;
  dialect(*exchange.client).adapt(request, ttl_cap(pool_of(step).settings), scratch_);
  return true;
}

// Both sides count from one: a token of one might match at the other by accident.
bool Executor::token_fits(const route::Part& step, Request& request) {
  const auto own_token_of = [&](pool::ServerId server) {
    return proto::unmarked(request.cas, servers_.token_mark(server));
  };
  if (step.stand_in) {
    if (const auto own = own_token_of(step.server)) {
      request.cas = *own;
      return true;
    }
    if (!proto::beyond_marks(request.cas)) return false;
  }
  // One without a mark the server may judge.
  return std::ranges::none_of(pool_of(step).servers, [&](const pool::Server& server) {
    return own_token_of(server.id).has_value();
  });
}

void Executor::answer_exists(Exchange& exchange) {
  const std::string text = dialect(*exchange.client).outdated(exchange.asked());
  if (!exchange.silent) exchange.first.stash.append(parts_.buffers, text);
  settle_single(exchange);
}

// The home owes its key whatever the client is told: what counts is that the home did not get the
// change.
void Executor::owe(const route::Part& step, Effect effect, Bytes key) {
  if (!changes_value(effect)) return;
  const bool out = step.stand_in || servers_.standing(step.home) != Standing::up;
  const config::Eject& rule = pool_of(step).settings.eject;
  if (!out || rule.on_readmit == config::OnReadmit::keep) return;
  servers_.counters(step.home)[ServerMetric::owed].add();
  if (servers_.entry(step.home).owe(key, rule.owed_max, parts_.now)) {
    parts_.homes.ask(servers_.home(step.home), step.home);
  }
}

// A head of a stand-in's reply whose token is to be told apart; any other as it is.
Bytes Executor::told_of(const Fragment& fragment, const proto::Piece& piece) {
  if (!fragment.stand_in || !piece.token_given) [[likely]]
    return piece.told;
  scratch_.resize(piece.told.size() + 20);
  RINGWAY_ASSERT(fragment.conn);  // Its client may be gone.
  const proto::Dialect& dialect = *fragment.conn->link.dialect;
  const char* end =
      dialect.write_marked(piece.told, servers_.token_mark(fragment.server), scratch_.data());
  return {scratch_.data(), static_cast<std::size_t>(end - scratch_.data())};
}

}  // namespace ringway::proxy
