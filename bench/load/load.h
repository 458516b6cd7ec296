// The loop of the generator: one thread, one epoll, any number of connections.
//
// Closed loop: each active connection sends `pipeline` requests together, waits
// for all their replies, then sends again. Open loop: requests fall due at
// Poisson times and take the next free connection; one that finds none waits in
// `backlog_`, and its latency counts from when it was due all the same.
//
// Invariant: owed_total_ is the sum of all connections' pending requests, and at
// the end of run() it is zero: each request was answered, lost or missing.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <vector>

#include "bench/load/counts.h"
#include "bench/load/histogram.h"
#include "bench/load/options.h"
#include "bench/load/protocol.h"
#include "bench/load/source.h"

namespace ringway::bench {

// One stretch of load.
struct Phase {
  Source& source;
  double duration_s;           // How long requests are made; replies may take drain_s longer.
  std::uint64_t requests = 0;  // At most so many; 0: no limit.
  std::uint32_t pipeline = 1;
  double rate = 0;  // 0: closed loop.
};

struct Measured {
  Counts counts;
  Histogram latency;
  Histogram lag;  // Open loop: how late each request was sent.
  double seconds = 0;
};

class Load {
 public:
  Load(const Options& options, const Protocol& protocol);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Opens every connection, or says why it could not.
  std::expected<void, std::string> connect();

  // Valid until the next run().
  const Measured& run(const Phase& phase);

 private:
  struct Conn {
    int fd = -1;
    std::uint32_t free_slots = 0;  // Open loop: its entries in free_.
    std::uint64_t asked = 0;       // Since it was opened.
    std::string carry;             // The start of an unfinished line.
    std::string unsent;
    Owed owed;
  };
  using ConnId = std::uint32_t;

  void start(const Phase& phase);
  bool finished(std::int64_t now);
  void give_up_on_missing();
  void wait(std::int64_t until_ns);
  void report_progress(std::int64_t now);
  std::int64_t next_event_ns() const;

  void on_readable(ConnId id, Conn& conn);
  bool read_replies(ConnId id, Conn& conn, std::string_view input);
  void on_settled(ConnId id, Conn& conn, std::int64_t now);
  void on_writable(ConnId id, Conn& conn);
  void go_on(ConnId id, Conn& conn);

  bool may_ask() const;
  bool ask(Conn& conn, std::int64_t due_ns);
  void ask_batch(Conn& conn);
  void send_due(std::int64_t now);
  void free_slot(ConnId id);
  void refill_slots(ConnId id);
  void flush(ConnId id, Conn& conn);

  std::expected<void, std::string> open(ConnId id);
  void reopen(ConnId id, Conn& conn);
  void reopen_dead(std::int64_t now);
  void lose(ConnId id, Conn& conn, std::uint64_t& counter);
  void watch(ConnId id, std::uint32_t events, int operation) const;

  const Options& options_;
  const Protocol& protocol_;
  int epoll_;
  std::vector<Conn> conns_;
  std::vector<ConnId> dead_;
  std::int64_t reopen_at_ns_ = 0;
  std::string input_;
  std::string output_;

  const Phase* phase_ = nullptr;
  Measured measured_;
  std::uint64_t asked_ = 0;
  std::uint64_t owed_total_ = 0;
  bool asking_ = false;
  std::int64_t start_ns_ = 0;
  std::int64_t end_ns_ = 0;            // Of asking; then of waiting for the last replies.
  std::int64_t waiting_since_ns_ = 0;  // The last reply, or the first request after a rest.
  std::int64_t next_report_ns_ = 0;
  std::uint64_t reported_ = 0;

  Random arrivals_;
  std::int64_t next_due_ns_ = 0;
  std::deque<std::int64_t> backlog_;
  std::deque<ConnId> free_;
};

}  // namespace ringway::bench
