// What comes back: readiness turned into completions, in an order and in portions
// that a kernel may choose freely and so the seed does.
#include <cerrno>

#include "sim/fail.h"
#include "sim/sim_io.h"

namespace ringway::sim {

using net::Completion;

void SimIo::on_news(Fd fd, News news) {
  switch (news) {
    case News::acceptable: return ready(fd, Kind::accept);
    case News::connected: return ready(fd, Kind::connect);
    case News::readable: return ready(fd, Kind::recv);
    case News::writable:
      if (Send& send = of(fd).send; send.active && !send.done) push_bytes(fd, send);
      return;
    case News::failed:
      ready(fd, Kind::connect);
      ready(fd, Kind::recv);
      if (Send& send = of(fd).send; send.active)
        settle_send(fd, send, chance_.one_in(2) ? ECONNRESET : EPIPE);
      return;
  }
}

// Alarms are set for sends only: to go on with one, or to report it late.
void SimIo::on_alarm(std::uint64_t what) {
  const auto fd = static_cast<Fd>(what);
  if (!world_.is_open(fd)) return;
  Send& send = of(fd).send;
  if (!send.active) return;
  if (send.done)
    ready(fd, Kind::send);
  else
    push_bytes(fd, send);
}

Instant SimIo::next_wakeup() const {
  if (!asleep_ || woken_ || !ready_.empty()) return world_.now();
  return deadline_;
}

std::span<const Completion> SimIo::wait(Instant deadline, const net::Expected& /*expected*/) {
  lent_.take_back();
  ++counters_.waits;
  buffers_left_ = {
      std::min<std::uint64_t>(settings_.client_buffers.count_max, world_.faults().client_buffers),
      std::min<std::uint64_t>(settings_.server_buffers.count_max, world_.faults().server_buffers)};
  completions_.clear();
  late_bytes_left_ = settings_.receive_bytes_max();
  submit();
  if (driving_) drive(deadline);
  now_ = world_.now();
  const bool was_woken = std::exchange(woken_, false);
  counters_.wakes += was_woken;
  collect();
  drained_ = ready_.empty();
  asleep_ = completions_.empty() && !was_woken && deadline > now_;
  deadline_ = deadline;
  return completions_;
}

// Something that looks ready may turn out to be nothing: then sleep on. What is on
// its way already is waited for, as a busy kernel would tell it in one go.
void SimIo::drive(Instant deadline) {
  constexpr Duration call = std::chrono::microseconds(2);
  constexpr Duration soon = std::chrono::milliseconds(1);
  deadline = std::max(deadline, world_.now() + call);
  while (!woken_ && world_.now() < deadline) {
    collect();
    if (!completions_.empty()) deadline = std::min(deadline, world_.now() + soon);
    const Instant next = std::min(world_.next_event(), deadline);
    SIM_REQUIRE(next != never, "wait() would sleep for ever");
    if (world_.next_event() <= deadline)
      world_.run_next_event();
    else
      world_.advance(deadline);
  }
}

void SimIo::submit() {
  for (const Fd fd : to_send_) {
    if (!world_.is_open(fd)) continue;
    Send& send = of(fd).send;
    if (send.active && !send.done) push_bytes(fd, send);
  }
  to_send_.clear();
}

void SimIo::collect() {
  const std::uint64_t most =
      std::min<std::uint64_t>(world_.faults().completions_max, completions_max);
  while (!ready_.empty() && completions_.size() < most) {
    std::swap(ready_[chance_.below(ready_.size())], ready_.back());
    const Ready item = ready_.back();
    ready_.pop_back();
    report(item);
  }
  ready_.insert(ready_.end(), parked_.begin(), parked_.end());
  parked_.clear();
}

void SimIo::report(Ready item) {
  Operations& operations = *operations_[static_cast<std::size_t>(item.fd)];
  Operation& operation = select(operations, item.kind);
  if (!operation.queued) return;  // Reported by other means since.
  operation.queued = false;
  if (!operation.active) return;
  switch (item.kind) {
    case Kind::accept: return report_accept(item.fd, operations);
    case Kind::connect: return report_connect(item.fd, operations);
    case Kind::recv: return report_recv(item.fd, operations);
    case Kind::send: return report_send(item.fd, operations);
  }
}

void SimIo::complete(Operations& operations, Operation& operation, int result, bool last,
                     Bytes bytes) {
  world_.trace().note(world_.now(), "completion", static_cast<int>(operation.token.op), result,
                      operation.token.index);
  completions_.push_back({operation.token, result, last, bytes});
  if (!last) return;
  operation.active = false;
  --operations.in_flight;
  --in_flight_;
}

void SimIo::report_accept(Fd fd, Operations& operations) {
  Operation& accept = operations.accept;
  if (accept.cancelled) return complete(operations, accept, -ECANCELED, true);
  if (operations.shut) return complete(operations, accept, -EINVAL, true);
  if (world_.waiting(fd) == 0) return;
  if (chance_.with(world_.faults().accept_emfile))
    return complete(operations, accept, -EMFILE, true);
  const Fd accepted = world_.accept(fd, *this);
  of(accepted) = Operations{};
  complete(operations, accept, accepted, operations.accepts_one);
  if (!operations.accepts_one) ready(fd, Kind::accept);
}

void SimIo::report_connect(Fd fd, Operations& operations) {
  Operation& connect = operations.connect;
  const int error = world_.error(fd);
  if (world_.connected(fd)) return complete(operations, connect, 0, true);
  if (error != 0) return complete(operations, connect, -error, true);
  if (connect.cancelled) return complete(operations, connect, -ECANCELED, true);
}

bool SimIo::take_buffer(net::Buffers buffers) {
  std::uint64_t& left = buffers_left_[static_cast<std::size_t>(buffers)];
  if (left == 0) {
    ++counters_.buffers_exhausted;
    return false;
  }
  --left;
  return true;
}

void SimIo::report_recv(Fd fd, Operations& operations) {
  Recv& recv = operations.recv;
  std::size_t bytes = world_.readable(fd).size();
  const bool ending = recv.cancelled || operations.shut;
  // What had arrived may still be told before the end, unless it was paused away.
  if (ending && (recv.paused || chance_.one_in(2))) bytes = 0;
  if (recv.paused && !ending) {
    bytes = std::min(bytes, recv.late_bytes);
    if (bytes == 0) return;
  }
  if (bytes > 0) return deliver(fd, operations, bytes);
  if (operations.shut) return complete(operations, recv, 0, true);
  if (recv.cancelled) return complete(operations, recv, -ECANCELED, true);
  if (world_.error(fd) != 0) return complete(operations, recv, -world_.error(fd), true);
  if (world_.ended(fd)) return complete(operations, recv, 0, true);
}

void SimIo::deliver(Fd fd, Operations& operations, std::size_t bytes) {
  Recv& recv = operations.recv;
  if (!take_buffer(recv.buffers)) {
    recv.queued = true;
    parked_.push_back({fd, Kind::recv});
    return;
  }
  const auto& buffer =
      recv.buffers == net::Buffers::client ? settings_.client_buffers : settings_.server_buffers;
  bytes = std::min<std::size_t>(bytes, buffer.size_bytes);
  if (chance_.with(world_.faults().short_recv)) bytes = 1 + chance_.below(bytes);
  if (recv.paused) recv.late_bytes -= std::min(bytes, recv.late_bytes);
  const Bytes lent = lent_.lend(world_.readable(fd).substr(0, bytes));
  world_.consume(fd, bytes);
  complete(operations, recv, static_cast<int>(bytes), false, lent);
  if (!world_.readable(fd).empty() || world_.ended(fd) || world_.error(fd) != 0)
    ready(fd, Kind::recv);
}

void SimIo::report_send(Fd fd, Operations& operations) {
  Send& send = operations.send;
  if (!send.done) return;
  SIM_REQUIRE(hash_of(send) == send.hash, "fd %d: bytes changed while they were being sent", fd);
  // Only a shutdown leaves a short count behind; cancel and reset are told as such.
  const bool partly = send.error == EPIPE && operations.shut && send.sent > 0;
  const int result = send.error == 0 || partly ? static_cast<int>(send.sent) : -send.error;
  complete(operations, send, result, true);
}

void SimIo::push_bytes(Fd fd, Send& send) {
  while (send.part < send.count) {
    Bytes rest = send.parts[send.part].substr(send.offset);
    const bool piece = rest.size() > 1 && chance_.with(world_.faults().send_in_pieces);
    if (piece) rest = rest.substr(0, 1 + chance_.below(rest.size() - 1));
    const std::int64_t taken = rest.empty() ? 0 : world_.write(fd, rest);
    if (taken < 0) return settle_send(fd, send, static_cast<int>(-taken));
    send.offset += static_cast<std::size_t>(taken);
    send.sent += static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < rest.size()) return;  // News when there is room.
    if (piece) {
      ++counters_.sends_continued;
      world_.alarm(*this, world_.now() + Duration(chance_.below(50'000)),
                   static_cast<std::uint64_t>(fd));
      return;
    }
    ++send.part;
    send.offset = 0;
  }
  settle_send(fd, send, 0);
}

void SimIo::settle_send(Fd fd, Send& send, int error) {
  if (send.done) return;
  send.done = true;
  send.error = error;
  if (error == 0 && chance_.with(world_.faults().late_completion))
    world_.alarm(*this, world_.now() + Duration(chance_.below(200'000)),
                 static_cast<std::uint64_t>(fd));
  else
    ready(fd, Kind::send);
}

}  // namespace ringway::sim
