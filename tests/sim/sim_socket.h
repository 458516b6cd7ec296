// What a simulated socket is made of; private to SimWorld.
//
// Invariant of a pipe: read <= arrived <= written, and written - read never
// passes the room that both sockets agreed on.
#pragma once

#include <deque>
#include <string>

#include "sim/sim_world.h"

namespace ringway::sim {

inline constexpr Fd fd_first = 100;

// One direction of a connection, kept at its receiving end.
struct Pipe {
  std::string bytes;       // From offset `base` on.
  std::uint64_t base = 0;  // Stream offset of bytes[0].
  std::uint64_t read = 0;
  std::uint64_t arrived = 0;
  std::uint64_t written = 0;
  Instant last_arrival{};     // Segments never overtake each other.
  bool sender_waits = false;  // The writer wants news when there is room.
  bool fin_written = false;
  Instant fin_written_at = never;
  bool fin_arrived = false;

  Bytes readable() const {
    return Bytes(bytes).substr(static_cast<std::size_t>(read - base),
                               static_cast<std::size_t>(arrived - read));
  }
  void append(Bytes more) {
    bytes.append(more);
    written += more.size();
  }
  void consume(std::size_t count) {
    read += count;
    RINGWAY_ASSERT(read <= arrived && arrived <= written);
    const auto gone = static_cast<std::size_t>(read - base);
    if (gone == bytes.size()) {
      bytes.clear();
      base = read;
    } else if (gone > 64 * 1024) {
      bytes.erase(0, gone);
      base = read;
    }
  }
  // What a reset may do to bytes that were never read.
  void drop_unread() {
    arrived = written;
    consume(static_cast<std::size_t>(written - read));
  }
};

struct SimWorld::Socket {
  Fd fd = -1;
  std::uint32_t generation = 0;
  bool open = false;
  bool listener = false;
  bool is_unix = false;
  bool connecting = false;
  bool linked = false;    // There was a peer (it may be gone by now).
  bool ends_in = false;   // Shut down for reading here.
  bool ends_out = false;  // Shut down for writing here.
  bool severed = false;
  bool broken_told = false;  // The peer is gone and a reset is on its way to us.
  int error = 0;
  int user_timeout_ms = 0;
  Inhabitant* owner = nullptr;
  Fd peer = -1;
  std::uint32_t peer_generation = 0;
  std::size_t site = 0;
  Duration latency{};
  std::size_t room_max = 0;
  std::size_t into_void = 0;  // Bytes that our side still took for a peer that is gone.
  Pipe in;
  // Listeners.
  std::deque<Fd> backlog;
  std::uint32_t backlog_max = 0;
  bool takes_connections = true;
};

struct SimWorld::Site {
  net::Address address;
  Fd listener = -1;
  Door door = Door::open;
};

struct SimWorld::Later {
  bool operator()(const Event& a, const Event& b) const {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
};

}  // namespace ringway::sim
