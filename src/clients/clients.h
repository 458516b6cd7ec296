// The connections of one worker to clients: reads and parses requests, sends
// replies, slows down who asks more than it takes, and ends connections the right
// way: what is owed first, then the stream, then the socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "exchange/client_conn.h"
#include "exchange/line.h"
#include "exchange/to_executor.h"
#include "exchange/worker_parts.h"
#include "log/event.h"
#include "log/rate_limit.h"
#include "net/io.h"

namespace ringway::proxy {

class Clients {
 public:
  // After a finished client was told everything, so much more is read and dropped.
  static constexpr std::uint32_t linger_bytes_max = 64 * 1024;
  static constexpr Duration linger_time = std::chrono::seconds(1);
  // At the end of the process, after it last said or took something: whoever has been silent
  // for so long has read what it was told.
  static constexpr Duration last_linger_time = std::chrono::milliseconds(100);
  // Who leaves is read out when it has said nothing between two looks, or at the latest when
  // its socket was empty at so many in a row: a full send buffer at its side would have come.
  static constexpr Duration look_every = std::chrono::milliseconds(5);
  static constexpr std::uint32_t looks_empty_max = 4;
  // While memory is short: clients that hold more than this get no further
  // request started and no value larger than this; such values are not begun.
  static constexpr std::size_t modest_bytes_max = 64 * 1024;
  // While some wait for memory it is looked so often who holds it and does not move: less
  // than so many bytes from one look to the next, and that so many times in a row. (Less often,
  // and it may be who got no turn on his machine, or was let in a moment ago.) The line of those
  // who wait moves while somebody is let in or a value before them comes; where it did not for so
  // many looks nobody is left to wait who waited for as many: what is too large is refused then.
  static constexpr Duration memory_look_every = std::chrono::milliseconds(250);
  static constexpr std::uint64_t moved_bytes_min = 8 * 1024;
  static constexpr std::uint32_t says_nothing_looks_max = 3;
  static constexpr std::uint32_t takes_nothing_looks_max = 1;
  static constexpr std::uint32_t looks_waited_max = 5;
  static constexpr std::uint32_t looks_waited_most = 120;  // However the line moves.
  // The first look at a client only begins to count: who holds memory gives it back before anybody
  // who waits for it is refused.
  static_assert(looks_waited_max >= says_nothing_looks_max + 2);
  // Room made ahead for a value that a client has only announced.
  static constexpr std::size_t announced_bytes_max = 256 * 1024;

  Clients(WorkerParts& parts, Line& line, Executor& executor)
      : parts_(parts), line_(line), executor_(executor), paused_(parts.counters) {
    look_timer_.kind = net::TimerKind::memory_look;
  }
  ~Clients() { parts_.timers.stop(look_timer_); }

  // The snapshot has changed: rules are another, and limits of time count from when they should
  // have.
  void adopt(const snapshot::Snapshot& before);

  // A new connection; its fd is ours from now on.
  ClientConn& open(int fd, snapshot::ListenerId listener);

  // False, and counted, if its listener has as many clients as it may.
  bool admit(ClientConn& client);
  ClientConn* find(net::Handle handle) { return conns_.find(handle); }

  // While any reason holds no request of it is begun, and soon its socket is not read, so that
  // nothing overtakes what it waits for. Whoever began a reason ends it, in time for the end of
  // a turn; a client that ends has none any more.
  void pause(ClientConn& client, PauseReason reason);
  void resume(ClientConn& client, PauseReason reason);
  const PausedClients& paused() const { return paused_; }

  // Its output or its line changed: look at it at the end of the turn.
  void touch(ClientConn& client) { line_.touch(client); }
  // Ends it after what is owed; takes no more requests.
  void finish(ClientConn& client);
  // The same for one that was told why, of whom only the last `kept` may linger.
  void reject(ClientConn& client, std::uint32_t kept);
  // The same, but what it has said so far is still taken, and what comes with the end of a
  // request that is half there.
  void finish_between_requests(ClientConn& client);
  // The process ends, and its successor waits for that: nobody lingers long.
  void hurry();
  // Ends it now.
  void retire(ClientConn& client);

  void on_received(const net::Completion& done);
  void on_sent(const net::Completion& done);
  void on_timer(net::Timer& timer);
  void on_memory_look();

  // First half of the end of a turn: go on with what waited behind a limit.
  void resume_blocked();
  // Goes on with this client, if its limits allow it.
  void go_on(ClientConn& client);
  // Second half: one send for each client that is owed something.
  void flush();
  // Frees what is dead and has nothing in flight; returns how many.
  std::uint32_t reap();

  // It stays in the snapshot as long as it has clients.
  static const snapshot::Listener& listener(const ClientConn& client) { return *client.rules; }

  // Clients know their protocol's words for it; the operator must learn whose limit it was: `key`
  // of the configuration. At most once a minute for each listener.
  void say_rejected(const ClientConn& client);
  void say_refused(const ClientConn& client, std::string_view key, std::string_view what);

  std::uint32_t size() const { return conns_.size(); }

  // Between two turns: whoever is not read waits for something that will come.
  void check_pauses();

  template <typename Visit>
  void each(Visit&& visit) {
    conns_.each(visit);
  }

 private:
  ClientConn& land(const net::Completion& done);
  net::Token token(net::Op op, const ClientConn& client) const;

  void on_input_ended(ClientConn& client, int error);
  void linger(ClientConn& client, std::size_t dropped);
  void take(ClientConn& client, Bytes bytes);
  bool check_protocol(ClientConn& client, Bytes first);
  void warn(const ClientConn& client, log::Event event, std::string_view about,
            std::string_view what);
  std::size_t parse(ClientConn& client, Bytes bytes);
  void keep(ClientConn& client, Bytes unfinished);
  bool accept_parsed(ClientConn& client, const proto::ParsedRequest& parsed);
  std::string error_of(const ClientConn& client, const proto::ParsedRequest& parsed);
  bool is_ours(const ClientConn& client, const proto::ParsedRequest& parsed) const;
  bool is_owed(const ClientConn& client, const proto::ParsedRequest& parsed) const;
  std::optional<PauseReason> limit_of(const ClientConn& client) const;
  bool begin(ClientConn& client, const proto::Request& request);
  bool blocked_still(ClientConn& client);
  void end_pauses(ClientConn& client);
  bool owes_rest(const ClientConn& client) const;

  // Memory (memory.cc).
  struct Holder {
    std::uint64_t bytes;
    ClientConn* client;
  };
  static bool between_requests(const ClientConn& client);
  void join_waiting(ClientConn& client);
  void leave_waiting(ClientConn& client);
  void promise(ClientConn& client, std::uint64_t bytes);
  bool begin_half(ClientConn& client, std::size_t have);
  void take_more_of_waiting(ClientConn& client, Bytes bytes);
  void take_up_waiting();
  void end_half(ClientConn& client);
  void refuse_half(ClientConn& client);
  static bool wants_much(const ClientConn& client, std::size_t more);
  bool is_long_line(const ClientConn& client, const proto::ParsedRequest& half,
                    std::size_t have) const;
  void refuse_line(ClientConn& client);
  void mind_memory();
  void refuse_largest();
  void close_gate();
  void open_gate();
  void let_in();
  void go_on_with_memory(ClientConn& client);
  void take_what_it_said(ClientConn& client);
  bool has_memory(std::uint64_t coming_back) const;
  void begin_looks();
  std::uint32_t looks_still(ClientConn& client) const;
  static std::vector<Holder>& largest_first(std::vector<Holder>& holders);
  std::uint32_t looks_to_wait(const ClientConn& client) const;
  void overrule_waiting(std::uint64_t coming_back);
  void tell_short(std::uint32_t waiting, std::uint64_t refused, std::uint32_t ended);
  void update_reading(ClientConn& client);
  void say(ClientConn& client);
  void look_whether_read_out(ClientConn& client);
  void end_output(ClientConn& client);
  void end_rejected();
  Instant next_limit(const ClientConn& client) const;
  void reset_timer(ClientConn& client);

  WorkerParts& parts_;
  Line& line_;
  Executor& executor_;
  net::Table<ClientConn> conns_;
  std::vector<ClientConn*> dead_;
  PausedClients paused_;
  bool hurries_ = false;
  net::List<ClientConn, &ClientConn::rejected_link> rejected_;
  std::uint32_t rejected_count_ = 0;
  std::uint32_t rejected_kept_ = 0;
  net::List<ClientConn, &ClientConn::memory_link> waiting_;  // For memory.
  bool gate_closed_ = false;                                 // Nobody between two requests is read.
  bool refusing_ = false;            // What parse() comes to is refused if it is large.
  ClientConn* overruled_ = nullptr;  // Goes on, whatever memory says.
  net::Timer look_timer_;            // Set while some wait for memory.
  std::uint32_t look_ = 0;
  std::uint32_t halves_ = 0;    // Clients with a request half there,
  std::uint32_t wanting_ = 0;   // and those who wait for room for a value.
  std::uint32_t moved_at_ = 0;  // At this one the line of those who wait moved.
  log::RateLimit lines_{1};
  std::size_t needed_ = 0;  // What parse() left behind will grow to that; 0: not known.
};

}  // namespace ringway::proxy
