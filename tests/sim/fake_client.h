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
  double noreply = 0.1;            // Of writes and removes.
  std::uint32_t slow_bytes = 0;    // Reads at most so much at a time; 0: all there is.
  std::uint32_t vanish_after = 0;  // Leaves after so many requests; 0: never.
  std::uint32_t deaf_after = 0;    // Reads nothing more after so many; 0: never.
  double broken = 0;               // Share of requests that the protocol does not allow.
  std::uint32_t too_large = 0;     // The router's value_max plus one; 0: not tried.
  bool may_be_rejected = false;    // There may be too many clients.
  bool half_close = false;
  bool quits = false;
  std::uint32_t keys_per_ask = 64;  // The router asks for more keys only once these are out.
  bool reads_own_writes = true;     // The router keeps a client's requests in order.
  Instant begin{};
  Duration patience{};  // From reply to reply.
};

class FakeClient final : public Inhabitant {
 public:
  FakeClient(SimWorld& world, Model& model, const ClientPlan& plan, Chance chance);
  ~FakeClient() override;

  // It has no more to ask and nothing to wait for, or it is gone.
  bool done() const { return over_; }
  // Ends the connection, if there still is one.
  void leave();
  // From now on the router may end connections and refuse new ones.
  void router_stops() { router_stops_ = true; }
  // What it is waiting for, for the message about a run that got stuck.
  std::string waiting_for() const;

 private:
  enum class Kind : std::uint8_t { get, set, remove, version, broken };
  struct Asked {
    Kind kind;
    Instant begun;
    WriteId write = 0;
    std::size_t next_key = 0;  // Of keys: those before it are answered or missed.
    Bytes expected;            // Of broken requests: the error.
    std::vector<KeyIndex> keys;
    std::vector<Floor> floors;
    std::vector<std::size_t> missed;
  };

  void on_news(Fd fd, News news) override;
  void on_alarm(std::uint64_t what) override;

  void connect();
  void ask_more();
  void ask_one();
  void ask_get();
  void ask_set();
  void ask_remove();
  void ask_broken();
  void ask_too_large();
  Asked& ask(Kind kind);
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
  void miss_before(Asked& asked, std::size_t end);
  void take_get_line(Asked& asked, const WireReply& reply);
  void take_set_line(Asked& asked, const WireReply& reply);
  void take_remove_line(Asked& asked, const WireReply& reply);
  void take_error(Asked& asked, const WireReply& reply);
  Floor floor_of(const Asked& asked, std::size_t i) const;
  bool excused(const Asked& asked) const;
  void settle();
  void on_end();
  void give_up_rest();
  void close();

  SimWorld& world_;
  Model& model_;
  const ClientPlan plan_;
  Chance chance_;
  Fd fd_ = -1;
  bool over_ = false;
  bool said_last_ = false;  // FIN or quit: the router may end the connection now.
  bool ask_planned_ = false;
  bool read_planned_ = false;
  bool router_stops_ = false;
  bool deaf_ = false;
  bool rejected_ = false;
  std::uint32_t asked_count_ = 0;
  Instant heard_at_{};       // Of the last reply.
  std::deque<Asked> asked_;  // In flight, oldest first.
  std::string output_;
  std::string input_;
  std::size_t taken_ = 0;         // Bytes of input_ that are done with.
  std::vector<Floor> own_floor_;  // By key: when the last acknowledged own write began.
};

}  // namespace ringway::sim
