// A client that lives in the simulated world: asks in pipelines, reads every reply
// to its last byte and holds it against the model. Some are slow, some leave in
// the middle of things, some end their direction first and read on.
//
// What it insists on: exactly one reply per request, in order, for the key that
// was asked, with a value that may still be current; no byte that nobody asked
// for; no end of the connection without a reason that the model knows.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include "net/address.h"
#include "sim/model.h"
#include "sim/sim_world.h"
#include "sim/wire.h"

namespace ringway::sim {

struct ClientPlan {
  net::Address address;
  std::uint32_t requests = 0;
  std::uint32_t depth = 1;        // Requests in flight at most.
  std::uint32_t gap_us = 0;       // Thinks at most so long between bursts.
  std::uint32_t keys_max = 1;     // Of one get.
  std::uint32_t value_max = 100;  // Bytes.
  double writes = 0.2;            // Shares of all requests.
  double removes = 0.05;
  double counts = 0.05;
  double touches = 0.03;
  double locals = 0.03;            // Answered by the router.
  double quiet = 0;                // Batches of quiet requests, and a barrier behind them.
  double meta = 0.3;               // Of what has two forms: asked as a meta command.
  double noreply = 0.1;            // Of what may ask for it.
  bool marks_all = false;          // Every meta request names its key or a number in the reply.
  bool flushes = false;            // flush_all is allowed.
  std::uint32_t slow_bytes = 0;    // Reads at most so much at a time; 0: all there is.
  std::uint32_t vanish_after = 0;  // Leaves after so many requests; 0: never.
  std::uint32_t deaf_after = 0;    // Reads nothing more after so many; 0: never.
  double broken = 0;               // Share of requests that the protocol does not allow.
  std::uint32_t too_large = 0;     // The router's value_max plus one; 0: not tried.
  bool may_be_rejected = false;    // There may be too many clients.
  bool half_close = false;
  bool quits = false;
  bool browses = false;             // Ends with a line of HTTP instead of quit.
  bool reads_all = false;           // Reads every key, one after another, and nothing else.
  bool more_flags = false;          // Of meta commands: also those that are asked for rarely.
  std::uint32_t keys_per_ask = 64;  // The router asks for more keys only once these are out.
  bool reads_own_writes = true;     // The router keeps a client's requests in order.
  bool side = false;                // Of a listener that comes and goes.
  Instant dismissed_from = never;   // Earlier it must not be told to leave.
  Duration dismissed_within{};      // How long before that it may have asked in vain.
  bool in_halves = false;           // Writes now and then only a part, and the rest later,
  Duration rest_within = std::chrono::milliseconds(50);  // at most so much.
  std::uint32_t large_one_in = 8;  // Of so many values one is as large as value_max allows.
  Instant begin{};
  Duration patience{};  // From reply to reply.
};

class FakeClient final : public Inhabitant {
 public:
  FakeClient(SimWorld& world, Model& model, ClientId id, const ClientPlan& plan, Chance chance);
  ~FakeClient() override;

  // It has no more to ask and nothing to wait for, or it is gone.
  bool done() const { return over_; }
  // Ends the connection, if there still is one.
  void leave();
  // Of a side listener: the router ended the connection.
  bool dismissed() const;
  bool is_side() const { return plan_.side; }
  // From now on the router may end connections and refuse new ones.
  void router_stops() { router_stops_ = true; }
  // What it is waiting for, for the message about a run that got stuck.
  std::string waiting_for() const;

 private:
  enum class Kind : std::uint8_t {
    read,
    write,
    remove,
    count,
    touch,
    debug,
    flush,
    stats,
    local,   // `expected` is the beginning of the reply.
    broken,  // `expected` is the reply.
    quiet,   // A batch of quiet requests, and `mn`.
  };
  struct Asked {
    Kind kind;
    Instant begun;
    Bytes verb;  // Of the classic or meta command.
    WriteId write = 0;
    bool has_write = false;
    bool meta = false;
    bool wants_key = false;    // Meta: the reply names it.
    bool wants_value = false;  // Meta v.
    bool spares = false;       // A delete that may leave its key where it is.
    bool told = false;         // Of a batch: it had its reply.
    std::uint32_t opaque = 0;  // Meta; 0: none.
    std::size_t next_key = 0;  // Of keys: those before it are answered or missed.
    Bytes expected{};
    std::vector<KeyIndex> keys{};
    std::vector<Floor> floors{};
    std::vector<std::size_t> missed{};
    // Of a batch, and what was asked with noreply before its barrier.
    std::vector<Asked> noreply{};
    std::vector<Asked> quiet{};
    std::size_t next_quiet = 0;  // Those before it are told, or said nothing.
    std::uint32_t errors = 0;
  };

  void on_news(Fd fd, News news) override;
  void on_alarm(std::uint64_t what) override;

  void connect();
  void ask_more();
  void ask_one();
  Asked question(Kind kind, Bytes verb);
  Asked question(Kind kind, Bytes verb, KeyIndex key);
  Asked& ask(Asked asked);
  KeyIndex any_key();
  void ask_read();
  void ask_next_key();
  void ask_meta_read(KeyIndex key);
  std::string debug_line(KeyIndex key) const;
  void ask_write();
  void ask_storage(KeyIndex key, Bytes verb, WriteId write);
  void ask_meta_set(KeyIndex key, Bytes mode, WriteId write);
  void ask_remove();
  void spare(Asked& asked, std::string& line, KeyIndex key);
  void ask_count();
  void ask_meta_count(KeyIndex key, std::int64_t amount);
  void ask_touch();
  void ask_local();
  void ask_flush();
  void ask_broken();
  void ask_too_large();
  void ask_quiet();
  void ask_barrier();
  void say_line(std::string line);
  void add_flags(std::string& line, std::initializer_list<Bytes> flags, KeyIndex key);
  void begin_meta(Asked& asked, std::string& line, KeyIndex key, Bytes behind_key = {});
  void ask_or_noreply(Asked asked, std::string line);
  WriteId begin_value(KeyIndex key);

  void flush();
  void go_on();
  void say_last();
  void vanish();
  void follow();

  void read();
  void take_replies();
  void take(const WireReply& reply);
  bool rejected(const WireReply& reply);
  void take_value(Asked& asked, const WireReply& reply);
  void missed(const Asked& asked, std::size_t i) const;
  void miss_before(Asked& asked, std::size_t end);
  void judge(Asked& asked, const WireReply& reply);
  void judge_read(Asked& asked, const WireReply& reply);
  void judge_meta_read(Asked& asked, const WireReply& reply);
  void judge_write(Asked& asked, Bytes word);
  void judge_remove(Asked& asked, Bytes word);
  void judge_count(Asked& asked, const WireReply& reply);
  void judge_touch(Asked& asked, Bytes word);
  void judge_debug(Asked& asked, const WireReply& reply);
  void judge_version(const Asked& asked, const WireReply& reply) const;
  void judge_error(Asked& asked, const WireReply& reply);
  void judge_marks(const Asked& asked, const WireReply& reply) const;
  void judge_silence(Asked& asked);
  void unexpected(const Asked& asked, const WireReply& reply) const;
  bool take_stat(const Asked& asked, const WireReply& reply);
  bool take_quiet(Asked& batch, const WireReply& reply);
  void take_quiet_error(Asked& batch, const WireReply& reply);
  void end_batch(Asked& batch);
  void end_noreply();
  void never_known(const Asked& asked);
  bool told_nothing(const Asked& asked, Bytes word) const;
  void give_up(const Asked& asked);
  Reader reader(const Asked& asked) const;
  Floor floor_of(const Asked& asked, std::size_t i) const;
  bool excused(const Asked& asked) const;
  bool excused(const Asked& asked, KeyIndex key) const;
  bool complaint(const Asked& asked, const WireReply& reply) const;
  bool no_memory(const WireReply& reply) const;
  void settle();
  void on_end();
  bool not_there();
  bool rightly_dismissed() const;
  void give_up_rest();
  void close();

  SimWorld& world_;
  Model& model_;
  const ClientId id_;
  const ClientPlan plan_;
  Chance chance_;
  Fd fd_ = -1;
  bool over_ = false;
  bool said_last_ = false;  // FIN or quit: the router may end the connection now.
  bool ask_planned_ = false;
  bool read_planned_ = false;
  bool rest_planned_ = false;
  bool router_stops_ = false;
  bool deaf_ = false;
  bool rejected_ = false;
  std::uint32_t tries_ = 0;
  std::uint32_t asked_count_ = 0;
  Instant heard_at_{};                   // Of the last reply.
  std::deque<Asked> asked_;              // In flight, oldest first.
  std::vector<Asked> unheard_;           // With noreply, since the last barrier.
  std::vector<Asked>* batch_ = nullptr;  // Requests go here while a quiet batch is made.
  std::uint32_t opaque_ = 0;
  WireReply reply_;
  std::string output_;
  std::string input_;
  std::size_t taken_ = 0;           // Bytes of input_ that are done with.
  std::vector<Instant> own_floor_;  // By key: when the last acknowledged own write began.
  std::vector<std::uint64_t> cas_;  // By key: the last number seen; 0: none.
};

}  // namespace ringway::sim
