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
using proto::memcached::Command;
using proto::memcached::CommandClass;

namespace {

// What leaves another value at home than the client believes.
bool changes_value(Command command) {
  const CommandClass kind = proto::memcached::row(command).kind;
  return kind == CommandClass::write || kind == CommandClass::delete_ ||
         kind == CommandClass::arithmetic;
}

}  // namespace

std::optional<proto::memcached::TtlCap> Executor::ttl_cap(const config::Pool& settings) const {
  if (!settings.eject.ttl_max) return std::nullopt;
  const auto ttl_max = std::chrono::ceil<std::chrono::seconds>(*settings.eject.ttl_max);
  return proto::memcached::TtlCap{ttl_max.count(), bench_.io.unix_now_s()};
}

// False if the request was answered here.
bool Executor::adapt_to_stand_in(Exchange& exchange, const route::Step& step, Request& request) {
  if (request.cas_given && changes_value(request.command) && !token_fits(step, request)) {
    (*bench_.pool_counters[step.pool->number])[PoolMetric::cas_refused].add();
    answer_exists(exchange);
    return false;
  }
  if (!step.stand_in) return true;
  servers_->counters(step.server)[ServerMetric::stand_ins].add();
  const auto cap = ttl_cap(step.pool->settings);
  if (!row(request.command).meta) {
    if (cap) request.exptime = proto::memcached::capped(request.exptime, *cap);
    return true;
  }
  const bool sets = request.command == Command::ms;
  scratch_.resize(request.meta_flags.size() + proto::memcached::stand_in_flags_bytes_max);
  const char* end = proto::memcached::write_stand_in_flags(request.meta_flags, cap, sets,
                                                           request.cas, scratch_.data());
  request.meta_flags = {scratch_.data(), static_cast<std::size_t>(end - scratch_.data())};
  return true;
}

// Both sides count from one: a token of one might match at the other by accident.
bool Executor::token_fits(const route::Step& step, Request& request) {
  const auto own_token_of = [&](pool::ServerId server) {
    return proto::memcached::unmarked_cas(request.cas, servers_->cas_mark(server));
  };
  if (step.stand_in) {
    if (const auto own = own_token_of(step.server)) {
      request.cas = *own;
      return true;
    }
    if (!proto::memcached::beyond_marks(request.cas)) return false;
  }
  // One without a mark memcached may judge.
  return std::ranges::none_of(step.pool->servers, [&](const pool::Server& server) {
    return own_token_of(server.id).has_value();
  });
}

void Executor::answer_exists(Exchange& exchange) {
  const bool meta = row(exchange.command).meta;
  const std::string text = meta ? "EX" + echoed_flags(exchange) + "\r\n" : "EXISTS\r\n";
  if (!exchange.silent) exchange.first.stash.append(bench_.buffers, text);
  settle_single(exchange);
}

// The home's own client may not even be told: what counts is what the home did not get.
void Executor::owe(const route::Step& step, Command command, Bytes key) {
  if (!changes_value(command)) return;
  const bool out = step.stand_in || servers_->standing(step.home) != Standing::up;
  const config::Eject& rule = step.pool->settings.eject;
  if (!out || rule.on_readmit == config::OnReadmit::keep) return;
  servers_->counters(step.home)[ServerMetric::owed].add();
  if (servers_->entry(step.home).owe(key, rule.owed_max)) {
    bench_.homes.call_home(servers_->home(step.home), step.home);
  }
}

// A line of a stand-in's reply whose token is to be told apart; any other as it is.
Bytes Executor::told_line(const Fragment& fragment, const ReplyLine& line) {
  const Bytes as_it_is{line.line.data(), line.consumed};
  if (!fragment.stand_in || !line.cas_given) [[likely]]
    return as_it_is;
  const auto mark = servers_->cas_mark(fragment.server);
  scratch_.resize(line.consumed + 20);
  const char* end = proto::memcached::write_with_cas(
      line, proto::memcached::marked_cas(line.cas, mark), scratch_.data());
  return {scratch_.data(), static_cast<std::size_t>(end - scratch_.data())};
}

}  // namespace ringway::proxy
