// A memcached that lives in the simulated world, with the troubles of a real one:
// slow, hung, dead, back and empty, resetting, full, unreachable; or it says what is
// not true. It checks that only requests that belong here ever arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/address.h"
#include "sim/model.h"
#include "sim/sim_world.h"
#include "sim/wire.h"

namespace ringway::sim {

enum class Trouble : std::uint8_t {
  none,
  hangs,     // Accepts, reads nothing, says nothing.
  dead,      // Connections end, new ones are refused; comes back, perhaps empty.
  resets,    // Connections are reset once.
  vanished,  // The host is unreachable: nothing passes, nobody is told.
  full,      // "ERROR Too many open connections".
  drips,     // Says what it says byte by byte.
  gone,      // Dead, for ever.
  unable,    // A ringway that reaches none of its servers: says so, whatever it is asked.
  choosy,    // Ends connections at one command that it does not know.
};

class FakeServer final : public Inhabitant {
 public:
  // Requests are excused for `grace` after it said something wrong.
  FakeServer(SimWorld& world, Model& model, std::uint32_t number, const net::Address& address,
             Duration grace, Chance chance);
  ~FakeServer() override;

  // From `begin` for `time`; requests to this server are excused for `grace` longer.
  void plan(Trouble trouble, Instant begin, Duration time, Duration grace);
  // An end to all troubles, now.
  void recover();
  // Its process ends, and nobody starts it again.
  void go();

  const net::Address& address() const { return address_; }
  std::uint64_t executed() const { return executed_; }
  std::uint64_t greetings() const { return greetings_; }
  std::size_t connections() const { return count_; }
  // Lets every connection go, so that nothing of the world remains in use.
  void close_all();

 private:
  struct Conn {
    Fd fd = -1;
    std::string input;
    std::string output;
    bool closing = false;  // Ends when its output is gone.
    bool flush_planned = false;
    bool falls_silent = false;  // Ends its direction when its output is gone.
    bool greeted = false;
    bool misreads = false;    // A value may be read as commands.
    std::size_t swallow = 0;  // Bytes of a value that was refused before it was there.
  };
  struct Item {
    std::string value;
    std::uint64_t flags = 0;
    std::uint64_t cas = 0;
    bool encoded = false;  // Made with a key in base64, which replies then show.
    bool stale = false;    // Marked so, or made by a read: readers are told who is to renew it.
    bool won = false;      // Somebody was.
  };
  struct Plan {
    Trouble trouble;
    Instant until;
    Duration grace;
  };

  void on_news(Fd fd, News news) override;
  void on_alarm(std::uint64_t what) override;

  void begin(const Plan& plan);
  void die(bool empty);
  void accept_all();
  void greet_full(Fd fd);
  Conn* find(Fd fd);
  void read(Conn& conn);
  void check_line(const WireRequest& request, Bytes input) const;
  void answer_later(Conn& conn);
  void flush(Conn& conn);
  void drop(Fd fd);

  void execute(const WireRequest& request, Conn& conn);
  KeyIndex owned(Bytes key, bool removing = false);
  KeyIndex owned(KeyIndex key, bool removing = false);
  Item* find_item(KeyIndex key);
  Item& store(KeyIndex key, std::uint64_t flags, Bytes value);
  static std::uint64_t first_cas(Chance chance);
  std::uint64_t next_cas(KeyIndex key) { return ++cas_ << 16 | key; }
  void check_cas(KeyIndex key, std::uint64_t cas) const;
  bool is_due(KeyIndex key, std::int64_t exptime, std::int64_t seen) const;
  void check_exptime(KeyIndex key, Bytes word) const;
  Bytes count(KeyIndex key, Item& item, Bytes amount, bool up);

  void get(const WireRequest& request, std::string& out);
  void get_touching(const WireRequest& request, std::string& out);
  void give(const WireRequest& request, std::size_t first_key, std::string& out);
  void storage(const WireRequest& request, std::string& out);
  void remove(const WireRequest& request, std::string& out);
  void arithmetic(const WireRequest& request, std::string& out);
  void touch(const WireRequest& request, std::string& out);
  void flush_all(const WireRequest& request, std::string& out);

  // The meta commands: fake_meta.cc.
  KeyIndex meta_key(const WireRequest& request, bool removing = false);
  void meta_flags(const WireRequest& request, std::size_t first, const Item* item,
                  std::string& out) const;
  void meta_get(const WireRequest& request, std::string& out);
  void meta_set(const WireRequest& request, std::string& out);
  Bytes meta_store(const WireRequest& request, KeyIndex key);
  Item& make_empty(const WireRequest& request, KeyIndex key);
  void meta_remove(const WireRequest& request, std::string& out);
  Bytes meta_unlink(const WireRequest& request, KeyIndex key);
  void meta_arithmetic(const WireRequest& request, std::string& out);
  void meta_debug(const WireRequest& request, std::string& out);

  // What is not true: fake_lies.cc.
  void lied();
  bool refuse(std::string& out);
  bool ends_now(const WireRequest& request);
  std::size_t refuse_early(Conn& conn, const WireRequest& request, std::size_t arrived);
  void lie(const WireRequest& request, Conn& conn, std::size_t reply_at);
  bool name_another(const WireRequest& request, std::string& reply);

  SimWorld& world_;
  Model& model_;
  const std::uint32_t number_;
  const net::Address address_;
  const Duration grace_;
  Chance chance_;
  Fd listener_ = -1;
  Trouble trouble_ = Trouble::none;
  std::uint64_t trouble_number_ = 0;
  std::vector<Plan> plans_;
  std::vector<std::unique_ptr<Conn>> conns_;  // By fd.
  std::size_t count_ = 0;
  std::unordered_map<std::string, Item> items_;
  std::uint64_t executed_ = 0;
  bool is_ringway_ = false;
  bool was_unable_ = false;
  Bytes ends_at_;      // choosy: at this command.
  bool late_ = false;  // Its connection was given up by the router when it was executed.
  std::uint64_t greetings_ = 0;
  std::uint64_t cas_first_;  // Above the key: what it began to count at,
  std::uint64_t cas_;        // and how far it has come.
  WireRequest request_;
};

}  // namespace ringway::sim
