// The stage on which the conformance suite puts an Io: the Io under test and, at
// the other end of its connections, peers that the test plays by hand. The suite
// touches no descriptor of its own, so that an Io that lives on real sockets and
// one that lives on a simulated network pass the very same tests.
//
// Peers act at once and never block. What they do becomes visible to the Io (and
// the reverse) only while time passes, that is during Io::wait(): the suite always
// waits in small steps until it sees what it expects.
//
// One program links the suite's sources with one definition of open_io_world().
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/io.h"
#include "net/io_settings.h"

namespace ringway::net::testing {

enum class Transport : std::uint8_t { tcp4, tcp6, unix_stream };

struct Listener {
  int fd = -1;      // For Io::accept().
  Address address;  // For IoWorld::connect_peer().
};

using PeerId = int;  // Never an fd: a number the world gives out.

class IoWorld {
 public:
  IoWorld() = default;
  IoWorld(const IoWorld&) = delete;
  IoWorld& operator=(const IoWorld&) = delete;
  virtual ~IoWorld() = default;

  virtual Io& io() = 0;

  // The Io listens, peers connect. The world keeps the listener open until it
  // ends, whatever the test does to it; the accepted sockets are the test's.
  virtual Listener listen(Transport transport) = 0;
  virtual PeerId connect_peer(const Address& address) = 0;

  // Peers listen, the Io connects. peer_accept() gives the next connection that
  // has arrived at `address`, nothing if there is none yet.
  virtual Address peer_listen(Transport transport) = 0;
  virtual std::optional<PeerId> peer_accept(const Address& address) = 0;

  // Where a connect fails with -ECONNREFUSED (unix: or -ENOENT).
  virtual Address nobody_listens(Transport transport) = 0;
  // Where the backlog is full: TCP never answers, unix fails with -EAGAIN.
  virtual Address full_backlog(Transport transport) = 0;

  // Takes as many bytes as there is room for now; returns how many (0: none, or
  // the connection is gone).
  virtual std::size_t peer_write(PeerId peer, Bytes bytes) = 0;
  // What has arrived and was not read yet, at most `bytes_max`.
  virtual std::string peer_read(PeerId peer, std::size_t bytes_max) = 0;
  // True once everything was read and the Io's direction has ended, by
  // finish_sending(), shutdown(), close() or a reset.
  virtual bool peer_ended(PeerId peer) = 0;
  virtual void peer_finish_sending(PeerId peer) = 0;
  virtual void peer_close(PeerId peer) = 0;
  virtual void peer_reset(PeerId peer) = 0;  // TCP only: the Io sees -ECONNRESET.

  // Calls Io::wake() after `delay`: on real Ios from another thread.
  virtual void wake_after(Duration delay) = 0;
};

std::unique_ptr<IoWorld> open_io_world(const IoSettings& settings);

}  // namespace ringway::net::testing
