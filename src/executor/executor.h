// Carries plans out: opens an exchange for each request, asks the servers that
// the plan names, puts replies together and hands them to the client in its order.
// The plain case, one key on one server, takes no detour; reads of several keys
// are gathered (gather.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ringway/proto/dialect.h"

#include "board/server_news.h"
#include "clients/clients.h"
#include "exchange/deadlines.h"
#include "exchange/exchange.h"
#include "exchange/exchanges.h"
#include "exchange/gather.h"
#include "exchange/hashed_key.h"
#include "exchange/line.h"
#include "exchange/worker_parts.h"
#include "servers/servers.h"

namespace ringway::proxy {

class Executor {
 public:
  using Request = proto::Request;

  Executor(WorkerParts& parts, Exchanges& exchanges, Line& line, Clients& clients, Servers& servers,
           ServerNews& news)
      : parts_(parts),
        exchanges_(exchanges),
        line_(line),
        clients_(clients),
        servers_(servers),
        news_(news) {}

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // What connections tell: see exchange/to_executor.h.
  bool on_request(ClientConn& client, const Request& request);
  void unlink(ClientConn& client, const Request& request, Bytes error);
  void on_room(ClientConn& client);
  void orphan(ClientConn& client);
  bool on_head(Fragment& fragment, const proto::Piece& head);
  void on_body(Fragment& fragment, Bytes bytes);
  void on_body_end(Fragment& fragment);
  void on_answered(Fragment& fragment);
  void on_failed(Fragment& fragment, Bytes what, Bytes unsent);
  void on_withdrawn(Fragment& fragment);

  // What no client asked for. `key` as it is hashed.
  void send_check(ServerConn& conn);
  void send_owed_delete(ServerConn& conn, Bytes key);

  // The snapshot has changed.
  void adopt() { deadlines_.forget_unused(); }
  // Settles with an error whatever is past its deadline.
  void expire();
  Instant next_deadline() const { return deadlines_.next(); }
  // Near the end of a turn: goes on with what waited for a full queue.
  void wake_waiting() {
    if (servers_.anybody_waits()) [[unlikely]]
      wake_those_that_fit();
  }

 private:
  const proto::Dialect& dialect(const ClientConn& client) const { return *client.rules->dialect; }

  // What is complete at the head of its line leaves, and a head that is to ask for more asks.
  void advance(ClientConn& client);

  // Requests of one key.
  Exchange& open_single(ClientConn& client, const Request& request, Bytes told);
  const route::Plan& plan(const ClientConn& client, proto::Effect effect, Bytes key,
                          bool again = false);
  // Of a plan that was made in this turn.
  const pool::Pool& pool_of(const route::Part& leaf) const {
    return *parts_.snapshot->pools[leaf.pool];
  }
  bool nobody_serves(const pool::Pool& pool) const;
  static bool may_miss(const config::Pool& settings, const Request& request);
  static bool has_write_miss(const Request& request);
  // Where a request can wait for a full queue.
  enum class Place : std::uint8_t { input, nowhere };
  // These are false if it waits. `told`: of a silent one, what its client hears once it is done.
  bool start_single(ClientConn& client, const Request& request, Place place, Bytes told = {});
  bool ask_single(Exchange& exchange, const route::Part& step, const Request& request);
  bool refuse_single(Exchange& exchange, const route::Part& step, Servers::Refusal& refusal);
  // Where a fragment waits whose time is up, and whether it was sent.
  struct Late {
    ServerConn* conn;
    bool sent;
  };
  Late come_late(Fragment& fragment);
  void expire_single(Exchange& exchange, Duration timeout, bool ours);
  void blame_late(const Late& late, Instant begun, Duration timeout, bool ours);
  void expire_orphan(Exchange& exchange, Duration timeout, bool ours);
  ServerConn* connection(const Exchange& exchange, pool::ServerId server,
                         Servers::Refusal& refusal);
  void write_request(ServerConn& conn, const Request& request);
  void start_deadline(Exchange& exchange, const config::Pool& settings);
  void single_head(Exchange& exchange, const proto::Piece& piece);
  void make_room(Exchange& exchange, const proto::Piece& piece);
  // A value for the fragment's client has begun to come. Small ones are here in a moment, one
  // from each connection at most.
  void expect(Fragment& fragment, std::uint64_t value_bytes) {
    if (value_bytes > Clients::modest_bytes_max) [[unlikely]]
      line_.expect(fragment, value_bytes);
  }
  std::string_view no_room(const Exchange& exchange, std::uint64_t bytes) const;
  void settle_single(Exchange& exchange);
  void fail_single(Exchange& exchange, std::string_view why);
  std::string instead(const Exchange& exchange, std::string_view why) const;
  std::string refusal(const Exchange& exchange, std::string_view why) const;

  // Keys whose home is out (stand_in.cc).
  bool adapt_to_stand_in(Exchange& exchange, const route::Part& step, Request& request);
  bool token_fits(const route::Part& step, Request& request);
  std::optional<proto::TtlCap> ttl_cap(const config::Pool& settings) const;
  void answer_exists(Exchange& exchange);
  void owe(const route::Part& step, proto::Effect effect, Bytes key);
  Bytes told_of(const Fragment& fragment, const proto::Piece& piece);

  // What waits for a full queue (waiting.cc).
  void wake_those_that_fit();
  void wake(Fragment& fragment);
  void wake_gather(Fragment& fragment);
  void give_turn(ClientConn& client, pool::ServerId server);
  static bool use_turn(ClientConn& client, pool::ServerId server);
  bool may_wait(ClientConn& client, pool::ServerId server) const;
  void hold_single(Exchange& exchange, const route::Part& step);
  void hold_part(Exchange& exchange, Fragment& fragment);
  void wait_no_more(ClientConn& client);
  void drop_held(ClientConn& client);
  void expire_held(Exchange& exchange, Duration timeout);
  void give_up_on(ClientConn& client, pool::ServerId server);
  std::string full_for(pool::ServerId server, const config::MaybeTime& timeout);

  // What servers may hold that is older than clients believe (debts.cc).
  static bool owes(proto::IfLost if_lost, bool sent, bool told);
  static bool owes_once_late(const Exchange& exchange);
  void give_up(const Exchange& exchange, bool sent);
  void give_up(const Exchange& exchange, bool sent, bool told);
  bool owe_or_count(const Exchange& exchange, bool sent, bool told);
  void doubt(const Exchange& exchange);
  void count_unconfirmed(const Fragment& fragment);
  bool owe_in_order(const Fragment& fragment, bool counted);
  void give_up_failed(const Fragment& fragment);
  void owe_still(const Fragment& fragment);
  bool must_go(const Fragment& fragment);
  void pay_first(ServerConn& conn, Exchange& exchange);
  void pay_first(ServerConn& conn, Bytes key);
  void settle_debts(Fragment& fragment);
  void pay_behind(Fragment& fragment);
  void send_delete(ServerConn& conn, Bytes key, bool for_traffic);
  void owe_unpaid(const Fragment& fragment, Bytes key);
  void on_paid(pool::ServerId server, bool refused);

  // What no client asked for, and what is asked twice (internal.cc, again.cc).
  Exchange& open_internal(const Request& request);
  void on_internal_over(Exchange& exchange, bool answered, Bytes what);
  bool may_retry(const Fragment& fragment) const;
  bool may_send_anew(const Fragment& fragment, Bytes unsent) const;
  bool send_anew(Exchange& exchange, Bytes unsent);
  bool affords_retry(const Exchange& exchange);
  bool retry_single(Exchange& exchange);
  void ask_anew(Fragment& fragment, bool retried);
  void add_to_chain(Exchange& exchange, Fragment*& first, const route::Part& step,
                    std::uint16_t slot);

  // Commands that ringway answers itself.
  void start_local(ClientConn& client, const Request& request);
  void start_broadcast(ClientConn& client, const Request& request);
  std::string out_of_service(const ClientConn& client) const;
  proto::Figures totals(const ClientConn& client) const;
  proto::Figures settings(const ClientConn& client) const;

  // Reads of several keys.
  void start_gather(ClientConn& client, const Request& request);
  void ask_broadcast(Exchange& exchange, Fragment& fragment);
  void ask_next(Exchange& exchange);
  void ask_group(Exchange& exchange);
  void ask_server(Exchange& exchange, Fragment& fragment);
  void refuse_part(Exchange& exchange, Fragment& fragment, Servers::Refusal& refusal);
  Fragment& gather_fragment(Fragment*& first, Exchange& exchange, pool::ServerId server,
                            bool stand_in, Bytes key = {});

  void fail_gather(Gather& gather, std::string error);
  bool fail_slots(Fragment& fragment, std::string error);
  bool gather_head(Exchange& exchange, Fragment& fragment, const proto::Piece& piece);
  bool gather_value(Exchange& exchange, Fragment& fragment, const proto::Piece& piece);
  void gather_body(Exchange& exchange, Fragment& fragment, Bytes bytes);
  void gather_body_end(Exchange& exchange, Fragment& fragment);
  void on_group_settled(Exchange& exchange);
  std::uint32_t group_max(const ClientConn& client) const;  // Keys asked for at a time.
  void expire_gather(Exchange& exchange, Duration timeout, bool ours);

  void break_stream(Exchange& exchange);

  WorkerParts& parts_;
  Exchanges& exchanges_;
  Line& line_;
  Clients& clients_;
  Servers& servers_;
  ServerNews& news_;
  Deadlines deadlines_;
  route::Plan plan_;     // The present one; kept to be reused.
  std::string scratch_;  // A line or flags that are written anew.
};

}  // namespace ringway::proxy
