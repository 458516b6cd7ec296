// The connections of one worker to servers: opened when first needed, greeted,
// shared by all clients, retired when they fail or fall silent, and made anew
// after a back-off. Requests are appended to a connection's output by the
// executor; here they are sent, and replies are framed and paired with the FIFO.
//
// A server that the present snapshot has no more is left: it gets no new request, its
// connections end when they owe nothing, and then its link is forgotten. So a ServerId
// may be used as long as a fragment is in its FIFO, and within the turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "board/server_news.h"
#include "exchange/server_conn.h"
#include "exchange/to_executor.h"
#include "exchange/worker_parts.h"

namespace ringway::proxy {

class Servers {
 public:
  // With preconnect: how often a worker looks whether a server that is out is back.
  static constexpr Duration preconnect_look = std::chrono::seconds(1);

  Servers(WorkerParts& parts, Executor& executor, ServerNews& news)
      : parts_(parts), executor_(executor), news_(news) {}
  ~Servers();

  // Takes over settings from the present snapshot; links are made for new servers,
  // servers that it has no more are left.
  void adopt();
  // Takes over from the board how servers stand.
  void update_standings();
  // The greatest generation such that every server which it has not is forgotten.
  std::uint64_t settled() const;

  // The connection that requests of `lane` to this server go to, opened if there
  // is none. Null if none can be had now: `refusal` says why. Whoever comes new stands behind
  // those that wait for room; `woken`: it has waited.
  struct Refusal {
    std::string why;
    bool full = false;  // It may wait for room.
  };
  ServerConn* connection(pool::ServerId server, std::uint32_t lane, proto::CommandId command,
                         bool woken, Refusal& refusal);
  // Two connections in a row ended at this command, and it was never answered since.
  bool shuns(pool::ServerId server, proto::CommandId command);

  // Which of its connections these requests go to.
  std::uint16_t lane(pool::ServerId server, std::uint32_t lane) {
    return static_cast<std::uint16_t>(lane % link(server).connections);
  }

  // `fragment`'s request was appended to the connection's output.
  void queued(ServerConn& conn, Fragment& fragment);

  // --- What waits for room in a queue (queues.cc) ---

  // So much of a timeout the head of a queue may have waited before the queue counts as full.
  static constexpr int head_share = 2;
  // Before this share of a timeout a head that waits tells nothing of its server's pace.
  static constexpr int modest_share = 8;
  // For each reply two that wait are woken; as long as a queue has fewer than this, all.
  static constexpr std::uint32_t queue_modest = 32;

  void hold(pool::ServerId server, std::uint32_t lane, Fragment& fragment);
  void let_go(Fragment& fragment);
  // The next that there is room for, or that is to look for another place; null: none.
  Fragment* next_to_wake();
  bool anybody_waits() const { return !crowded_.empty(); }
  std::uint32_t waiting(pool::ServerId server) { return link(server).waiting_count; }
  // Of that the kernel has not been handed a byte: it leaves its FIFO unsent, at the end of
  // the turn. False if it is on its way.
  bool withdraw(Fragment& fragment);
  void drop_withdrawn();

  // A request on this connection, begun at `begun`, took longer than `timeout`. If the
  // connection has been silent for so long, it is retired; if not, it is watched. A request
  // that was sent in time speaks against the server.
  void suspect(ServerConn& conn, Duration timeout);
  // Something on it was refused only because it is full: has it been silent for so long?
  void look_for_silence(ServerConn& conn, Duration timeout);
  // The same, but it is us who came late: its silence counts from now.
  void forgive(ServerConn& conn, Duration timeout);
  void blame_timeout(ServerConn& conn, Instant begun, Duration timeout);

  // For checks and probes, by the home worker. Connects if there is no connection; ServerNews
  // is told, perhaps at once. The connection, if a check has to be sent on it.
  ServerConn* prove(pool::ServerId server);
  bool connecting(pool::ServerId server);
  // Connecting failed, and the next try is not due.
  bool backs_off(pool::ServerId server);
  // For how long nothing has come on a ready connection; none if there is none.
  std::optional<Duration> silent_for(pool::ServerId server);
  // Retires that connection; ServerNews is told.
  void give_up_silent(pool::ServerId server, const std::string& cause);
  // Null if there is none that requests could be sent on at once.
  ServerConn* ready_connection(pool::ServerId server);
  ServerConn* ready_connection(pool::ServerId server, std::uint32_t lane);
  // Null if there is none, ready or not.
  ServerConn* placed_connection(pool::ServerId server, std::uint16_t lane);
  // Its address changed: what is under way ends where it is, all else goes to the new one.
  void relocate(pool::ServerId server);

  const std::string& label(pool::ServerId server) { return link(server).label; }
  // Why it cannot do anything: what a check heard last. `says "ringway: pool web ..."`
  const std::string& what_it_says(pool::ServerId server) { return link(server).says; }
  const proto::Dialect& dialect(pool::ServerId server) { return *link(server).dialect; }
  proto::TokenMark token_mark(pool::ServerId server) { return link(server).token_mark; }
  BoardEntry& entry(pool::ServerId server) { return *link(server).entry; }
  Standing standing(pool::ServerId server) { return link(server).standing; }
  std::uint32_t home(pool::ServerId server) { return link(server).home; }
  // A write failed there: its key is owed if the server turns out to be failing.
  void owe_if_ejected(pool::ServerId server, Bytes key);
  // It may hold something older than its clients believe: the key is owed, if that is wanted.
  // False if not. `again`: it was counted already.
  bool owe(pool::ServerId server, Bytes key, bool again = false);
  bool may_owe(pool::ServerId server);
  // A request that nobody will be told of was lost.
  void lost_silently(pool::ServerId server);
  metrics::ServerCounters& counters(pool::ServerId server) { return *link(server).counters; }

  void on_connected(const net::Completion& done);
  void on_received(const net::Completion& done);
  void on_sent(const net::Completion& done);
  void on_timer(net::Timer& timer);

  // One send for each connection that has something to say.
  void flush();
  // Frees what is dead and has nothing in flight.
  void reap();

  // Retires every connection at once: the end of the worker.
  void retire_all();
  bool empty() const { return conns_.size() == 0; }
  std::uint32_t in_flight() const { return in_flight_; }
  net::Expected expected() const { return {in_flight_, left_fifo_}; }

  // Calls visit(ServerConn&) for each; for checks and status.
  template <typename Visit>
  void each(Visit&& visit) {
    conns_.each(visit);
  }

 private:
  ServerLink& link(pool::ServerId server);
  void configure(ServerLink& link, const pool::Pool& pool, const pool::Server& server);
  void count_under(ServerLink& link, metrics::ServerCounters& counters);
  void leave(ServerLink& link);
  void forget_left();
  ServerConn& land(const net::Completion& done);
  net::Token token(net::Op op, const ServerConn& conn) const;
  void touch(ServerConn& conn);

  static bool have_full_queue(const ServerLink& link);
  bool full(const ServerLink& link, const ServerConn& place) const;
  bool fits(const ServerLink& link, const Fragment& fragment) const;
  Fragment* next_that_fits(ServerLink& link);
  static const ServerConn* place_of(const ServerLink& link, const Fragment& fragment);
  bool has_room(ServerLink& link, const Fragment& fragment) const;
  void wake_all(ServerLink& link);
  static void note_overtaken(ServerLink& link);
  Fragment& leave_fifo(ServerConn& conn, Fragment* before);
  void drop_withdrawn(ServerConn& conn);
  ServerConn* open(ServerLink& link, std::uint32_t lane, bool probing);
  bool begin_connect(ServerConn& conn);
  void greet(ServerConn& conn);
  void on_greeting(ServerConn& conn, Bytes bytes);
  void on_greeting_sent(ServerConn& conn, std::int32_t result);
  void become_ready(ServerConn& conn);
  void connect_not_begun(ServerConn& conn, std::string_view what);
  void connect_failed(ServerConn& conn, std::string what, bool theirs = true);
  void on_connect_late(ServerConn& conn);
  void turned_away(ServerConn& conn);
  Duration next_backoff(ServerLink& link);
  // A connection ended when its head was next.
  struct End {
    bool of_request = false;  // That may be why, so that all others may go on at once.
    bool blames = true;       // It speaks against the server.
  };
  End end_at_head(ServerConn& conn);

  void read_replies(ServerConn& conn, Bytes bytes);
  Bytes read_head(ServerConn& conn, Bytes bytes);
  bool take_head(ServerConn& conn, Fragment& fragment, const proto::Piece& head);
  Bytes read_body(ServerConn& conn, Bytes bytes);
  void pop_head(ServerConn& conn);
  void foreign(ServerConn& conn, std::string_view what);
  void say(const ServerLink& link, std::string_view what);
  void blame(ServerLink& link, Instant begun, std::string_view cause);
  void doubt(ServerLink& link, Instant begun);
  bool proves_by_connecting(const ServerLink& link) const;
  static bool owes_traffic(const ServerConn& conn);
  void prefer_closed(ServerConn& conn);
  void preconnect_soon(ServerLink& link, Duration pause = {});
  void preconnect(ServerLink& link);
  void set_idle_timer(ServerConn& conn);
  void on_silent(ServerConn& conn);

  // Ends the connection now: everything in its FIFO fails with `what`. `theirs`: the
  // server is to blame, if it owed anything.
  void fail(ServerConn& conn, std::string_view what, bool theirs = true);
  void close_down(ServerConn& conn);

  WorkerParts& parts_;
  Executor& executor_;
  ServerNews& news_;
  net::Table<ServerConn> conns_;
  std::vector<std::unique_ptr<ServerLink>> links_;  // By ServerId.
  std::vector<ServerLink*> left_;                   // Their servers are in no snapshot any more.
  net::List<ServerConn, &ServerConn::touched_link> touched_;
  std::vector<ServerConn*> dead_;      // Closing, with nothing in flight.
  std::vector<ServerLink*> suspects_;  // Shed something in this turn.
  std::vector<ServerLink*> crowded_;   // Somebody waits for room in their queues.
  std::vector<ServerConn*> withdrawn_from_;
  std::uint32_t in_flight_ = 0;      // Fragments in all FIFOs,
  std::uint64_t left_fifo_ = 0;      // and that ever left one.
  std::uint64_t board_version_ = 0;  // Up to which standings were taken over.
  bool ending_ = false;              // The worker's own end is no news of any server.
};

}  // namespace ringway::proxy
