// The language of the conformance tests: start operations, let time pass, ask what
// each operation has told so far. Checks with every completion what any Io must
// keep: known tokens, one `last`, bytes that match their count.
//
// Ends like a worker does: cancels what is in flight, waits until it came home,
// closes what it opened. An Io that loses a completion fails right there.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "net/io_world.h"

namespace ringway::net::testing {

using namespace std::chrono_literals;

// What one operation has told so far.
struct Story {
  int fd = -1;
  std::string bytes;          // All that a receive brought, in order.
  std::vector<int> accepted;  // All that an accept brought.
  bool over = false;
  int result = 0;  // Of the last completion.
};

struct Connection {
  int fd = -1;
  PeerId peer = -1;
};

class Scene {
 public:
  Scene() : Scene(IoSettings{}) {}
  explicit Scene(const IoSettings& settings);
  ~Scene();

  IoWorld& world() { return *world_; }
  Io& io() { return world_->io(); }

  // Operations; the number leads to their story.
  using Number = std::uint32_t;
  Number accept(int listener, Accepts accepts = Accepts::all);
  Number connect(const Address& address);
  Number recv(int fd, Buffers buffers = Buffers::client);
  Number send(int fd, Bytes bytes);
  Number send(int fd, std::span<const Bytes> parts);
  void close(int fd);
  const Story& story(Number number) { return stories_[number]; }

  // One turn: waits at most this long, notes what is told. Returns the number of
  // completions.
  std::size_t turn(Duration longest = 1ms);
  // Turns until the condition holds; false if it never does (5 s).
  template <typename Condition>
  bool until(Condition condition) {
    const Instant give_up = io().now() + 5s;
    while (!condition()) {
      if (io().now() >= give_up) return false;
      turn();
    }
    return true;
  }
  void pass(Duration time);  // Lets so much time pass.
  bool over(Number number) {
    return until([&] { return story(number).over; });
  }
  bool heard(Number number, std::size_t bytes) {
    return until([&] { return story(number).bytes.size() >= bytes; });
  }

  // Connections made either way, ready to use.
  Connection accepted(Transport transport = Transport::tcp4);
  Connection connected(Transport transport = Transport::tcp4);

  void peer_says(PeerId peer, Bytes bytes);
  std::string peer_hears(PeerId peer, std::size_t bytes);
  // Writes until the socket takes no more: the next send of that much blocks.
  Number blocked_send(const Connection& connection);

 private:
  Number start(int fd);
  Token token_of(Number number, Op op) const;
  void note(const Completion& completion);

  std::unique_ptr<IoWorld> world_;
  Number next_ = 1;
  std::map<Number, Story> stories_;
  std::map<int, int> open_;  // fd -> operations in flight.
  std::map<int, Listener> listeners_;
  std::map<int, Number> accepts_;
  std::set<Number> single_accepts_;
  std::string bulk_;
};

// Bytes that tell where they are: the same at the same place, different next to it.
std::string pattern(std::size_t bytes, std::size_t from = 0);

inline constexpr Transport all_transports[] = {Transport::tcp4, Transport::tcp6,
                                               Transport::unix_stream};

}  // namespace ringway::net::testing
