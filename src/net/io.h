// The whole outside world of one worker: sockets, clock, sleep and chance.
// Nothing else on the data path may read a clock or touch a file descriptor.
//
// Operations are started with a Token and report through Completions, which are
// plain values returned by wait(). Each operation reports exactly one completion
// with `last` set; until then its connection counts it as in flight.
//
// Three implementations stand behind this class: io_uring (the product), epoll
// (where io_uring is forbidden; the control in benchmarks), and the simulator.
// All mechanism stays inside them: full queues, EINTR, multishot re-arming,
// exhausted receive buffers, partial sends.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"

#include "net/address.h"
#include "net/io_counters.h"
#include "net/token.h"

namespace ringway::net {

struct Completion {
  Token token;
  std::int32_t result = 0;  // A count of bytes, an fd, or -errno.
  bool last = true;         // False while the same operation will report again.
  Bytes bytes = {};         // recv: what arrived; lent until the next wait().
};

// Which receive buffers a socket draws from: many clients send little, few
// servers send much.
enum class Buffers : std::uint8_t { client, server };

// Whether an accept goes on after the first connection that it brings.
enum class Accepts : std::uint8_t { all, one };

// How a connection to a server is set up. Zero leaves the kernel's default.
struct SocketOptions {
  bool keepalive = false;
  int keepalive_idle_s = 0;
  int keepalive_interval_s = 0;
  int keepalive_probes = 0;
  int user_timeout_ms = 0;  // TCP_USER_TIMEOUT: unacknowledged bytes end the connection.
};

// What a worker waits for when it sleeps: how long that may take depends on it.
struct Expected {
  std::uint32_t in_flight = 0;  // Replies of servers that are still to come,
  std::uint64_t answered = 0;   // and those that have come so far.
};

class Io {
 public:
  Io() = default;
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;
  virtual ~Io() = default;

  // As of the return of the last wait(): constant within a turn.
  virtual Instant now() const = 0;
  virtual std::uint64_t random() = 0;
  // Seconds since 1970, for absolute times to live. May jump.
  virtual std::int64_t unix_now_s() const = 0;
  virtual int process_id() const = 0;

  // Who is at the other end of an accepted connection, for the log: "10.0.0.7:40112", for a unix
  // socket "process 4711 of user 33"; "somebody" if the kernel knows it no more.
  virtual std::string peer(int fd) const = 0;

  // Submits everything started since the last call, then sleeps until something
  // completes, `deadline` passes, or wake() was called; returns what completed
  // (at most `completions_max`, possibly nothing). Where many replies are expected an
  // implementation may linger some microseconds to collect several completions in one go.
  // Takes back all bytes lent by the previous wait().
  virtual std::span<const Completion> wait(Instant deadline, const Expected& expected) = 0;
  static constexpr std::size_t completions_max = 256;

  // True if the last wait() left nothing that was already known to be ready.
  // Deadlines are only looked at then: a stall of ours must not look like theirs.
  virtual bool drained() const = 0;

  // Makes the current or the next wait() return. The only call that is allowed
  // from another thread.
  virtual void wake() = 0;

  // Reports each new connection: result is its fd (non-blocking, close-on-exec,
  // without Nagle's delay where the listener has none), `last` is false. Goes on
  // until cancelled or failed; -EMFILE and the like end it (last), and the
  // caller asks again when it has room. With Accepts::one the first connection is
  // the last: no other leaves the backlog.
  virtual void accept(Token token, int listener, Accepts accepts) = 0;

  // Opens a socket and begins to connect it. Returns the fd, or -errno if there
  // could be no socket (then nothing completes). Result: 0 or -errno. A unix
  // socket whose backlog is full fails with -EAGAIN.
  virtual int connect(Token token, const Address& address, const SocketOptions& options) = 0;

  // Reports arriving bytes until the peer ends (result 0, last) or the
  // connection fails (-errno, last). Lack of receive buffers is not reported.
  virtual void recv(Token token, int fd, Buffers buffers) = 0;

  // Back-pressure: stop, and go on, reading an fd on which recv is in flight.
  // The operation itself stays in flight. After pause() at most what the kernel
  // had already handed over still arrives.
  virtual void pause(int fd) = 0;
  virtual void resume(int fd) = 0;

  // Sends all parts in order as one operation; completes when all bytes are
  // gone (result = their count) or the connection failed (-errno). Never more
  // than one send in flight per fd. The bytes stay the caller's and unchanged
  // until completion; the span itself may go at once.
  virtual void send(Token token, int fd, std::span<const Bytes> parts) = 0;
  static constexpr std::size_t send_parts_max = 16;

  // False once all that has arrived on fd so far was told by wait(). Costs a system call.
  virtual bool unread(int fd) = 0;

  // Ends our direction of the stream (SHUT_WR). Nothing may be in flight to send.
  virtual void finish_sending(int fd) = 0;

  // Both directions, listeners too: every operation on fd completes soon, or,
  // where the kernel does not do that by itself, after cancel().
  virtual void shutdown(int fd) = 0;

  // Everything in flight on fd completes soon with -ECANCELED or its own result.
  virtual void cancel(int fd) = 0;

  // Only once nothing is in flight on fd.
  virtual void close(int fd) = 0;

  // A busy time is over: memory that receiving has touched may go back to the system.
  virtual void trim() {}

  // The most memory that receiving takes.
  virtual std::size_t receive_bytes_max() const { return 0; }

  // What this Io did so far; read by the thread that calls wait().
  const IoCounters& counters() const { return counters_; }

 protected:
  IoCounters counters_;
};

}  // namespace ringway::net
