// Sockets as their owners see them: open, connect, write, read, end. How things
// travel in between is in sim_travel.cc.
#include "sim/sim_world.h"

#include <algorithm>
#include <cerrno>

#include "sim/fail.h"
#include "sim/sim_socket.h"

namespace ringway::sim {
namespace {

constexpr Duration syn_timeout = std::chrono::seconds(130);

}  // namespace

SimWorld::SimWorld(Chance chance, const Faults& faults, Trace& trace)
    : chance_(chance), faults_(faults), trace_(trace), now_(Duration(1'000'000'000)) {}

SimWorld::~SimWorld() = default;

SimWorld::Socket& SimWorld::at(Fd fd) {
  const auto index = static_cast<std::size_t>(fd - fd_first);
  SIM_REQUIRE(fd >= fd_first && index < sockets_.size() && sockets_[index]->open,
              "fd %d is not open", fd);
  return *sockets_[index];
}

const SimWorld::Socket& SimWorld::at(Fd fd) const {
  return const_cast<SimWorld*>(this)->at(fd);
}

SimWorld::Socket* SimWorld::peer_of(const Socket& socket) {
  if (socket.peer < 0) return nullptr;
  Socket& peer = *sockets_[static_cast<std::size_t>(socket.peer - fd_first)];
  return peer.open && peer.generation == socket.peer_generation ? &peer : nullptr;
}

const SimWorld::Socket* SimWorld::peer_of(const Socket& socket) const {
  return const_cast<SimWorld*>(this)->peer_of(socket);
}

// As the kernel does it, a number that was just closed is given out again first:
// whoever still means the old socket is found out soon.
Fd SimWorld::open(Inhabitant* owner) {
  if (free_.empty()) {
    free_.push_back(fd_first + static_cast<Fd>(sockets_.size()));
    sockets_.push_back(std::make_unique<Socket>());
  }
  const Fd fd = free_.back();
  free_.pop_back();
  Socket& socket = *sockets_[static_cast<std::size_t>(fd - fd_first)];
  const std::uint32_t generation = socket.generation;
  socket = Socket{};
  socket.generation = generation + 1;
  socket.fd = fd;
  socket.open = true;
  socket.owner = owner;
  socket.room_max = static_cast<std::size_t>(faults_.pipe_bytes);
  return fd;
}

void SimWorld::free(Socket& socket) {
  if (Socket* peer = peer_of(socket); peer != nullptr)
    peer->into_void = static_cast<std::size_t>(socket.in.written - socket.in.read);
  socket.open = false;
  socket.owner = nullptr;
  free_.push_back(socket.fd);
}

std::size_t SimWorld::site(const net::Address& address) {
  const auto found = std::ranges::find(sites_, address, &Site::address);
  if (found != sites_.end()) return static_cast<std::size_t>(found - sites_.begin());
  sites_.push_back({.address = address});
  return sites_.size() - 1;
}

Fd SimWorld::listen(Inhabitant& owner, const net::Address& address, std::uint32_t backlog) {
  Site& where = sites_[site(address)];
  SIM_REQUIRE(where.listener < 0, "%s is in use", address.text().c_str());
  Socket& socket = at(open(&owner));
  socket.listener = true;
  socket.is_unix = address.family() == AF_UNIX;
  socket.backlog_max = backlog;
  socket.site = static_cast<std::size_t>(&where - sites_.data());
  where.listener = socket.fd;
  trace_.note(now_, "listen", socket.fd, backlog);
  return socket.fd;
}

void SimWorld::set_door(const net::Address& address, Door door) {
  sites_[site(address)].door = door;
}

Fd SimWorld::accept(Fd listener, Inhabitant& owner) {
  Socket& socket = at(listener);
  SIM_REQUIRE(socket.listener, "fd %d does not listen", listener);
  if (socket.backlog.empty()) return -1;
  const Fd fd = socket.backlog.front();
  socket.backlog.pop_front();
  at(fd).owner = &owner;
  trace_.note(now_, "accepted", fd, listener);
  return fd;
}

std::uint32_t SimWorld::waiting(Fd listener) const {
  return static_cast<std::uint32_t>(at(listener).backlog.size());
}

Fd SimWorld::connect(Inhabitant& owner, const net::Address& address, const ConnectWish& wish) {
  Socket& socket = at(open(&owner));
  socket.connecting = true;
  socket.is_unix = address.family() == AF_UNIX;
  socket.site = site(address);
  socket.user_timeout_ms = wish.user_timeout_ms;
  socket.latency =
      socket.is_unix ? Duration(chance_.between(500, 5000)) : Duration(2000ll << chance_.below(9));
  trace_.note(now_, "connect", socket.fd, static_cast<std::int64_t>(socket.site));
  Instant arrives = now_ + socket.latency;
  if (wish.faults && !socket.is_unix) {
    if (chance_.with(faults_.connect_refused)) {
      schedule(EventKind::connect_answered, socket, arrives, ECONNREFUSED);
      return socket.fd;
    }
    if (chance_.with(faults_.connect_ignored)) {
      schedule(EventKind::connect_answered, socket, now_ + syn_timeout, ETIMEDOUT);
      return socket.fd;
    }
    if (chance_.with(faults_.connect_slow))
      arrives += chance_.between(Duration(0), Duration(std::chrono::seconds(2)));
  }
  schedule(EventKind::connect_arrives, socket, arrives);
  return socket.fd;
}

bool SimWorld::connected(Fd fd) const {
  const Socket& socket = at(fd);
  return !socket.connecting && socket.linked && socket.error == 0;
}

std::int64_t SimWorld::write(Fd fd, Bytes bytes) {
  Socket& socket = at(fd);
  if (socket.error != 0 || socket.ends_out || !socket.linked) return -EPIPE;
  Socket* peer = peer_of(socket);
  if (peer == nullptr) {  // Accepted by our kernel, refused by theirs.
    if (socket.severed)
      expire_unacknowledged(socket);
    else
      break_later(socket, now_ + 2 * socket.latency);
    const std::size_t lost = std::min(bytes.size(), socket.room_max - socket.into_void);
    socket.into_void += lost;
    return static_cast<std::int64_t>(lost);
  }
  const std::size_t taken = std::min(bytes.size(), room(fd));
  if (taken < bytes.size()) peer->in.sender_waits = true;
  if (taken == 0) return 0;
  const std::uint64_t begin = peer->in.written;
  peer->in.append(bytes.substr(0, taken));
  trace_.note(now_, "write", fd, bytes.substr(0, taken));
  if (!socket.severed)
    send_segments(socket, *peer, begin);
  else
    expire_unacknowledged(socket);
  return static_cast<std::int64_t>(taken);
}

std::size_t SimWorld::room(Fd fd) const {
  const Socket& socket = at(fd);
  const Socket* peer = peer_of(socket);
  if (peer == nullptr) return socket.room_max - socket.into_void;
  const auto used = static_cast<std::size_t>(peer->in.written - peer->in.read);
  RINGWAY_ASSERT(used <= peer->room_max);
  return peer->room_max - used;
}

Bytes SimWorld::readable(Fd fd) const {
  return at(fd).in.readable();
}

void SimWorld::consume(Fd fd, std::size_t bytes) {
  Socket& socket = at(fd);
  socket.in.consume(bytes);
  if (!socket.in.sender_waits || socket.severed) return;
  Socket* peer = peer_of(socket);
  const auto used = static_cast<std::size_t>(socket.in.written - socket.in.read);
  if (peer == nullptr || used > socket.room_max / 2) return;
  socket.in.sender_waits = false;
  schedule(EventKind::writable, *peer, now_ + socket.latency);
}

bool SimWorld::ended(Fd fd) const {
  const Socket& socket = at(fd);
  return (socket.ends_in || socket.in.fin_arrived) && socket.in.readable().empty();
}

Instant SimWorld::ended_by_peer(Fd fd) const {
  return at(fd).in.fin_written_at;
}

int SimWorld::error(Fd fd) const {
  return at(fd).error;
}

void SimWorld::finish_sending(Fd fd) {
  Socket& socket = at(fd);
  if (socket.ends_out || !socket.linked) return;
  socket.ends_out = true;
  trace_.note(now_, "finish_sending", fd);
  Socket* peer = peer_of(socket);
  if (peer == nullptr || peer->in.fin_written) return;
  peer->in.fin_written = true;
  peer->in.fin_written_at = now_;
  if (!socket.severed) schedule(EventKind::fin, *peer, passage(socket, *peer));
}

void SimWorld::shutdown(Fd fd) {
  Socket& socket = at(fd);
  trace_.note(now_, "shutdown", fd);
  if (socket.listener) {
    close_listener(socket);
    return;
  }
  if (socket.connecting) {
    socket.connecting = false;
    socket.error = ECONNRESET;
  }
  finish_sending(fd);
  socket.ends_in = true;
}

void SimWorld::reset(Fd fd) {
  Socket& socket = at(fd);
  trace_.note(now_, "reset", fd);
  if (Socket* peer = peer_of(socket); peer != nullptr && !socket.severed)
    break_later(*peer, now_ + socket.latency);
  free(socket);
}

void SimWorld::sever(Fd fd) {
  Socket& socket = at(fd);
  trace_.note(now_, "sever", fd);
  socket.severed = true;
  Socket* peer = peer_of(socket);
  if (peer == nullptr) return;
  peer->severed = true;
  if (socket.in.written > socket.in.arrived) expire_unacknowledged(*peer);
  if (peer->in.written > peer->in.arrived) expire_unacknowledged(socket);
}

// Bytes that are never acknowledged end a connection that has TCP_USER_TIMEOUT.
void SimWorld::expire_unacknowledged(Socket& writer) {
  if (writer.user_timeout_ms > 0)
    break_later(writer, now_ + std::chrono::milliseconds(writer.user_timeout_ms));
}

// Unread input makes a kernel send RST instead of FIN, and RST may overtake what
// was written last: the reason for the router's `finish`.
void SimWorld::close(Fd fd) {
  Socket& socket = at(fd);
  trace_.note(now_, "close", fd);
  if (socket.listener) close_listener(socket);
  Socket* peer = peer_of(socket);
  if (peer != nullptr && !socket.severed) {
    const bool unread = socket.in.arrived > socket.in.read;
    if (unread) {
      const bool overtakes = chance_.one_in(2);
      break_later(*peer, overtakes ? now_ + socket.latency : passage(socket, *peer));
    } else {
      finish_sending(fd);
      if (socket.in.written > socket.in.arrived) break_later(*peer, now_ + 2 * socket.latency);
    }
  }
  free(socket);
}

bool SimWorld::is_open(Fd fd) const {
  const auto index = static_cast<std::size_t>(fd - fd_first);
  return fd >= fd_first && index < sockets_.size() && sockets_[index]->open;
}
bool SimWorld::is_listener(Fd fd) const {
  return at(fd).listener;
}
bool SimWorld::is_unix(Fd fd) const {
  return at(fd).is_unix;
}
Inhabitant* SimWorld::owner(Fd fd) const {
  return at(fd).owner;
}
void SimWorld::set_owner(Fd fd, Inhabitant& owner) {
  at(fd).owner = &owner;
}

std::uint32_t SimWorld::open_sockets(const Inhabitant& owner) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      sockets_, [&](const auto& socket) { return socket->open && socket->owner == &owner; }));
}

void SimWorld::forget(const Inhabitant& owner) {
  for (const auto& socket : sockets_)
    if (socket->owner == &owner) socket->owner = nullptr;
  for (Event& event : events_)
    if (event.whose == &owner) event.whose = nullptr;
}

}  // namespace ringway::sim
