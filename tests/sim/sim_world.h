// A network and a clock that exist only in memory: sockets joined by two byte
// pipes, listeners, latency, and an ordered list of events. Nothing happens unless
// run_next_event() is called; nothing depends on anything but the seed.
//
//   SimIo (a worker) --\                                /-- fake server
//   SimIo (a worker) ---+-- SimWorld: sockets, time ---+--- fake client
//
// Like a kernel's non-blocking sockets, except that it never fails for reasons of
// its own: what goes wrong is asked for by Faults or by an inhabitant.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"

#include "net/address.h"
#include "sim/chance.h"
#include "sim/faults.h"
#include "sim/trace.h"

namespace ringway::sim {

using Fd = int;

enum class News : std::uint8_t { connected, acceptable, readable, writable, failed };

// Whoever has sockets or alarms in the world: a SimIo or a fake peer.
class Inhabitant {
 public:
  Inhabitant() = default;
  Inhabitant(const Inhabitant&) = delete;
  Inhabitant& operator=(const Inhabitant&) = delete;
  virtual ~Inhabitant() = default;

  // Called while events run; may use the world. News are hints: look before acting.
  virtual void on_news(Fd fd, News news) = 0;
  virtual void on_alarm(std::uint64_t /*what*/) {}
};

// What a connecting socket asks for.
struct ConnectWish {
  int user_timeout_ms = 0;  // As TCP_USER_TIMEOUT: unacknowledged bytes end the connection.
  bool faults = false;      // Subject to the connect_* faults: the router's, not the clients'.
};

// How an address answers to those who connect.
enum class Door : std::uint8_t { open, refuses, silent };

class SimWorld {
 public:
  SimWorld(Chance chance, const Faults& faults, Trace& trace);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;
  ~SimWorld();

  Instant now() const { return now_; }
  Instant next_event() const { return events_.empty() ? never : events_.front().at; }
  void run_next_event();
  // Moves the clock; no event may lie before `to`.
  void advance(Instant to);
  void alarm(Inhabitant& whose, Instant at, std::uint64_t what);
  // The clock is later all at once, and nothing happened meanwhile: all that is to come is
  // as far away as before.
  void jump(Duration time);
  // All jumps so far.
  Duration jumped() const { return jumped_; }

  // From now on nothing but latency happens.
  void end_faults() { faults_ = calm_; }
  // Of the router: connect() gets no socket.
  void lack_descriptors(bool lacks) { faults_.socket_emfile = lacks ? 1 : 0; }
  const Faults& faults() const { return faults_; }
  Trace& trace() { return trace_; }

  Fd listen(Inhabitant& owner, const net::Address& address, std::uint32_t backlog);
  void set_door(const net::Address& address, Door door);
  // The next connection that waits, or -1. The socket belongs to `owner` then.
  Fd accept(Fd listener, Inhabitant& owner);
  std::uint32_t waiting(Fd listener) const;

  // News: connected or failed (see error()).
  Fd connect(Inhabitant& owner, const net::Address& address, const ConnectWish& wish = {});
  bool connected(Fd fd) const;

  // Takes what there is room for; news `writable` follows if that was not all.
  // -errno if the direction or the connection has ended.
  std::int64_t write(Fd fd, Bytes bytes);
  std::size_t room(Fd fd) const;
  Bytes readable(Fd fd) const;
  void consume(Fd fd, std::size_t bytes);
  bool ended(Fd fd) const;  // Everything was read and nothing more will come.
  // When the other side ended its direction; never, if it did not.
  Instant ended_by_peer(Fd fd) const;
  int error(Fd fd) const;  // A positive errno once the connection has failed.

  void finish_sending(Fd fd);
  void shutdown(Fd fd);  // Both directions; listeners take no more connections.
  void reset(Fd fd);     // Ends with an error at the other side; closes here.
  void sever(Fd fd);     // From now on nothing passes, either way; nobody is told.
  void close(Fd fd);

  bool is_open(Fd fd) const;
  bool is_listener(Fd fd) const;
  bool is_unix(Fd fd) const;
  Inhabitant* owner(Fd fd) const;
  void set_owner(Fd fd, Inhabitant& owner);
  std::uint32_t open_sockets(const Inhabitant& owner) const;
  // Never again news for `owner`: it is about to die.
  void forget(const Inhabitant& owner);

 private:
  struct Socket;
  struct Site;
  enum class EventKind : std::uint8_t {
    connect_arrives,
    connect_answered,
    arrive,
    fin,
    reset,
    writable,
    alarm,
  };
  struct Event {
    Instant at;
    std::uint64_t order;
    EventKind kind;
    Fd fd;
    std::uint32_t generation;
    std::uint64_t value;
    Inhabitant* whose;
  };
  struct Later;

  Socket& at(Fd fd);
  const Socket& at(Fd fd) const;
  Socket* peer_of(const Socket& socket);
  const Socket* peer_of(const Socket& socket) const;
  Fd open(Inhabitant* owner);
  void free(Socket& socket);
  void schedule(EventKind kind, const Socket& socket, Instant when, std::uint64_t value = 0);
  void push(const Event& event);
  void run(const Event& event);
  std::size_t site(const net::Address& address);

  void on_connect_arrives(Socket& socket);
  void on_connect_answered(Socket& socket, int error);
  void on_arrive(Socket& socket, std::uint64_t upto);
  void on_fin(Socket& socket);
  void on_reset(Socket& socket, int error);
  void join(Socket& client, Socket& listener);
  void answer_connect(const Socket& socket, int error);
  void send_segments(Socket& from, Socket& to, std::uint64_t begin);
  void break_later(Socket& socket, Instant when);
  void expire_unacknowledged(Socket& writer);
  Instant passage(Socket& from, const Socket& to);
  void tell(Socket& socket, News news);
  void close_listener(Socket& listener);

  Chance chance_;
  Faults faults_;
  Faults calm_;
  Trace& trace_;
  Instant now_{};
  Duration jumped_{};
  std::uint64_t order_ = 0;
  std::vector<Event> events_;  // A heap, earliest first.
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<Fd> free_;
  std::vector<Site> sites_;
};

}  // namespace ringway::sim
