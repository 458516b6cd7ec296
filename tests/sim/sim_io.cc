// Starting and ending operations: what the worker asks for, checked against the
// contracts of net/io.h. What comes back is in sim_io_wait.cc.
#include "sim/sim_io.h"

#include <algorithm>
#include <cerrno>

#include "sim/fail.h"

namespace ringway::sim {

using net::Token;

SimIo::SimIo(SimWorld& world, const net::IoSettings& settings, Chance chance)
    : world_(world),
      settings_(settings),
      chance_(chance.fork()),
      app_chance_(chance.fork()),
      now_(world.now()) {}

SimIo::~SimIo() {
  world_.forget(*this);
}

SimIo::Operations& SimIo::of(Fd fd) {
  const auto index = static_cast<std::size_t>(fd);
  SIM_REQUIRE(world_.is_open(fd), "operation on fd %d, which is not open", fd);
  if (index >= operations_.size()) operations_.resize(index + 16);
  if (!operations_[index]) operations_[index] = std::make_unique<Operations>();
  return *operations_[index];
}

SimIo::Operation& SimIo::select(Operations& operations, Kind kind) {
  switch (kind) {
    case Kind::accept: return operations.accept;
    case Kind::connect: return operations.connect;
    case Kind::recv: return operations.recv;
    case Kind::send: break;
  }
  return operations.send;
}

void SimIo::begin(Fd fd, Operation& operation, Token token) {
  SIM_REQUIRE(!operation.active, "fd %d: the same kind of operation is already in flight", fd);
  SIM_REQUIRE(token.op != net::Op::none, "fd %d: an operation without a token", fd);
  operation.token = token;
  operation.active = true;
  operation.cancelled = false;
  ++of(fd).in_flight;
  ++in_flight_;
  ++counters_.submitted;
  asleep_ = false;
  adopt(fd);
}

// A socket accepted by one worker is dealt to another: it belongs to whoever
// works on it, and two must not do so at once.
void SimIo::adopt(Fd fd) {
  Inhabitant* const before = world_.owner(fd);
  if (before == this) return;
  if (auto* other = dynamic_cast<SimIo*>(before); other != nullptr)
    SIM_REQUIRE(other->of(fd).in_flight == 0, "fd %d is used by two workers at once", fd);
  world_.set_owner(fd, *this);
}

void SimIo::ready(Fd fd, Kind kind) {
  Operation& operation = select(of(fd), kind);
  if (!operation.active || operation.queued) return;
  operation.queued = true;
  ready_.push_back({fd, kind});
}

Fd SimIo::listen(const net::Address& address, std::uint32_t backlog) {
  return world_.listen(*this, address, backlog);
}

std::vector<int> SimIo::accept_waiting(Fd listener) {
  SIM_REQUIRE(of(listener).in_flight == 0, "fd %d: an accept is in flight", listener);
  std::vector<int> accepted;
  for (Fd fd = world_.accept(listener, *this); fd >= 0; fd = world_.accept(listener, *this)) {
    of(fd) = Operations{};
    accepted.push_back(fd);
  }
  return accepted;
}

void SimIo::accept(Token token, int listener, net::Accepts accepts) {
  SIM_REQUIRE(world_.is_listener(listener), "accept on fd %d, which does not listen", listener);
  Operations& operations = of(listener);
  operations.accepts_one = accepts == net::Accepts::one;
  begin(listener, operations.accept, token);
  ready(listener, Kind::accept);
}

int SimIo::connect(Token token, const net::Address& address, const net::SocketOptions& options) {
  if (chance_.with(world_.faults().socket_emfile)) return -EMFILE;
  const Fd fd =
      world_.connect(*this, address, {.user_timeout_ms = options.user_timeout_ms, .faults = true});
  Operations& operations = of(fd);
  operations = Operations{};
  begin(fd, operations.connect, token);
  return fd;
}

void SimIo::recv(Token token, int fd, net::Buffers buffers) {
  Operations& operations = of(fd);
  begin(fd, operations.recv, token);
  operations.recv.buffers = buffers;
  operations.recv.paused = false;
  ready(fd, Kind::recv);
}

void SimIo::pause(int fd) {
  Operations& operations = of(fd);
  Recv& recv = operations.recv;
  SIM_REQUIRE(recv.active, "pause of fd %d, which is not being read", fd);
  if (recv.paused) return;
  recv.paused = true;
  recv.late_bytes = 0;
  if (!chance_.with(world_.faults().late_after_pause)) return;
  recv.late_bytes = std::min<std::size_t>(world_.readable(fd).size(), late_bytes_left_);
  late_bytes_left_ -= recv.late_bytes;
}

void SimIo::resume(int fd) {
  Operations& operations = of(fd);
  SIM_REQUIRE(operations.recv.active, "resume of fd %d, which is not being read", fd);
  operations.recv.paused = false;
  operations.recv.late_bytes = 0;
  asleep_ = false;
  ready(fd, Kind::recv);
}

void SimIo::send(Token token, int fd, std::span<const Bytes> parts) {
  SIM_REQUIRE(!parts.empty() && parts.size() <= send_parts_max, "fd %d: a send of %zu parts", fd,
              parts.size());
  Operations& operations = of(fd);
  begin(fd, operations.send, token);
  Send& send = operations.send;
  send.count = parts.size();
  send.part = send.offset = send.sent = send.total = 0;
  send.done = false;
  send.error = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    send.parts[i] = parts[i];
    send.total += parts[i].size();
  }
  send.hash = hash_of(send);
  to_send_.push_back(fd);
}

bool SimIo::unread(int fd) {
  SIM_REQUIRE(of(fd).recv.active, "fd %d is asked for what arrived, and is not being read", fd);
  return !world_.readable(fd).empty();
}

void SimIo::finish_sending(int fd) {
  SIM_REQUIRE(!of(fd).send.active, "fd %d: finish_sending() with a send in flight", fd);
  world_.finish_sending(fd);
}

// A kernel ends everything on the socket by itself, with an exception that the
// contract allows: an accept on a unix listener may wait for cancel().
void SimIo::shutdown(int fd) {
  Operations& operations = of(fd);
  operations.shut = true;
  asleep_ = false;
  world_.shutdown(fd);
  if (!world_.is_unix(fd) || !chance_.with(world_.faults().lazy_shutdown)) ready(fd, Kind::accept);
  ready(fd, Kind::connect);
  ready(fd, Kind::recv);
  if (operations.send.active) settle_send(fd, operations.send, EPIPE);
}

void SimIo::cancel(int fd) {
  Operations& operations = of(fd);
  asleep_ = false;
  for (const Kind kind : {Kind::accept, Kind::connect, Kind::recv, Kind::send}) {
    select(operations, kind).cancelled = true;
    ready(fd, kind);
  }
  if (operations.send.active) settle_send(fd, operations.send, ECANCELED);
}

void SimIo::close(int fd) {
  Operations& operations = of(fd);
  SIM_REQUIRE(operations.in_flight == 0, "close of fd %d with %u operations in flight", fd,
              operations.in_flight);
  operations = Operations{};
  world_.close(fd);
}

std::uint64_t SimIo::hash_of(const Send& send) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < send.count; ++i) hash = mixed(hash, send.parts[i]);
  return hash;
}

}  // namespace ringway::sim
