// Connections and troubles; what commands do is in fake_commands.cc.
#include "sim/fake_server.h"

#include <algorithm>

#include "sim/fail.h"

namespace ringway::sim {
namespace {

// What an alarm means, in its upper bits.
constexpr std::uint64_t flush_alarm = 1ull << 32;
constexpr std::uint64_t begin_alarm = 2ull << 32;
constexpr std::uint64_t end_alarm = 3ull << 32;
// Between two drops.
constexpr std::uint64_t drip_most = 40'000'000;

}  // namespace

// Half begin at once, as a new one does; the others around the bounds of what the router can
// mark. `chance` is a copy: what comes after stays as it was.
std::uint64_t FakeServer::first_cas(Chance chance) {
  constexpr std::uint64_t around[] = {
      0, 0, 0, 0, (1ull << 28) - 2, 1ull << 32, 1ull << 37, (1ull << 38) - 2, 1ull << 47};
  return around[chance.below(std::size(around))];
}

FakeServer::FakeServer(SimWorld& world, Model& model, std::uint32_t number,
                       const net::Address& address, Duration grace, Chance chance)
    : world_(world),
      model_(model),
      number_(number),
      address_(address),
      grace_(grace),
      chance_(chance),
      cas_first_(first_cas(chance)),
      cas_(cas_first_) {
  listener_ = world_.listen(*this, address_, 1024);
}

FakeServer::~FakeServer() {
  world_.forget(*this);
}

void FakeServer::plan(Trouble trouble, Instant begin, Duration time, Duration grace) {
  plans_.push_back({trouble, begin + time, grace});
  is_ringway_ |= trouble == Trouble::unable;
  world_.alarm(*this, begin, begin_alarm | (plans_.size() - 1));
}

void FakeServer::begin(const Plan& plan) {
  if (trouble_ != Trouble::none) return;
  world_.trace().note(world_.now(), "trouble", number_, static_cast<int>(plan.trouble));
  const bool choosy = plan.trouble == Trouble::choosy;
  choosy ? model_.excuse_but_reads(number_, plan.until + plan.grace)
         : model_.excuse(number_, plan.until + plan.grace);
  trouble_ = plan.trouble;
  switch (plan.trouble) {
    case Trouble::dead: die(chance_.one_in(2)); break;
    case Trouble::resets:
      for (const auto& conn : conns_)
        if (conn && conn->fd >= 0 && !chance_.one_in(4)) {
          world_.reset(conn->fd);
          drop(conn->fd);
        }
      break;
    case Trouble::vanished:
      world_.set_door(address_, Door::silent);
      for (const auto& conn : conns_)
        if (conn && conn->fd >= 0) world_.sever(conn->fd);
      break;
    case Trouble::unable: was_unable_ = true; break;
    case Trouble::choosy: {
      static constexpr Bytes verbs[] = {"mg", "mg", "ms", "md", "ma", "me", "touch", "gat", "gats"};
      ends_at_ = verbs[chance_.below(std::size(verbs))];
      break;
    }
    default: break;
  }
  world_.alarm(*this, plan.until, end_alarm | ++trouble_number_);
}

void FakeServer::die(bool empty) {
  world_.set_door(address_, Door::refuses);
  close_all();
  if (!empty) return;
  items_.clear();
  model_.wiped(number_, world_.now());
}

void FakeServer::go() {
  recover();
  trouble_ = Trouble::gone;
  die(false);
}

void FakeServer::recover() {
  if (trouble_ == Trouble::none || trouble_ == Trouble::gone) return;
  world_.trace().note(world_.now(), "recovered", number_);
  const Trouble was = std::exchange(trouble_, Trouble::none);
  world_.set_door(address_, Door::open);
  // What was cut off by the network stays dead for ever: the host forgets it.
  if (was == Trouble::vanished) close_all();
  if (was != Trouble::hangs) return;
  accept_all();
  for (const auto& conn : conns_)
    if (conn && conn->fd >= 0) read(*conn);
}

void FakeServer::close_all() {
  for (const auto& conn : conns_) {
    if (!conn || conn->fd < 0) continue;
    world_.close(conn->fd);
    drop(conn->fd);
  }
}

void FakeServer::on_alarm(std::uint64_t what) {
  const std::uint64_t kind = what & ~0xffffffffull;
  const std::uint64_t value = what & 0xffffffffull;
  if (kind == begin_alarm) begin(plans_[value]);
  if (kind == end_alarm && value == trouble_number_) recover();
  if (kind != flush_alarm) return;
  Conn* conn = find(static_cast<Fd>(value));
  if (conn == nullptr) return;
  conn->flush_planned = false;
  flush(*conn);
}

FakeServer::Conn* FakeServer::find(Fd fd) {
  const auto index = static_cast<std::size_t>(fd);
  return index < conns_.size() && conns_[index] && conns_[index]->fd == fd ? conns_[index].get()
                                                                           : nullptr;
}

void FakeServer::on_news(Fd fd, News news) {
  if (trouble_ == Trouble::hangs && news != News::failed) return;
  if (fd == listener_) return accept_all();
  Conn* conn = find(fd);
  if (conn == nullptr) return;
  switch (news) {
    case News::readable: return read(*conn);
    case News::writable: return flush(*conn);
    case News::failed: world_.close(fd); return drop(fd);
    default: return;
  }
}

void FakeServer::accept_all() {
  for (Fd fd = world_.accept(listener_, *this); fd >= 0; fd = world_.accept(listener_, *this)) {
    if (trouble_ == Trouble::full) {
      greet_full(fd);
      continue;
    }
    const auto index = static_cast<std::size_t>(fd);
    if (index >= conns_.size()) conns_.resize(index + 16);
    if (!conns_[index]) conns_[index] = std::make_unique<Conn>();
    *conns_[index] = Conn{};
    conns_[index]->fd = fd;
    ++count_;
    read(*conns_[index]);
  }
}

void FakeServer::greet_full(Fd fd) {
  world_.write(fd, "ERROR Too many open connections\r\n");
  world_.close(fd);
}

void FakeServer::drop(Fd fd) {
  Conn* conn = find(fd);
  RINGWAY_ASSERT(conn != nullptr);
  conn->fd = -1;
  --count_;
}

void FakeServer::read(Conn& conn) {
  const Bytes bytes = world_.readable(conn.fd);
  conn.input.append(bytes);
  world_.consume(conn.fd, bytes.size());
  std::size_t done = 0;
  while (!conn.closing) {
    const std::size_t swallowed = std::min(conn.swallow, conn.input.size() - done);
    conn.swallow -= swallowed;
    done += swallowed;
    const Bytes rest = Bytes(conn.input).substr(done);
    const Framed framed = next_request(rest, request_);
    SIM_REQUIRE(framed != Framed::broken, "server %u was sent rubbish", number_);
    if (framed == Framed::incomplete) {
      const std::size_t line = request_.wanted > 0 ? refuse_early(conn, request_, rest.size()) : 0;
      done += line;
      if (line == 0 && (conn.swallow == 0 || rest.empty())) break;
      continue;
    }
    if (!conn.misreads) check_line(request_, rest);
    if (ends_now(request_)) {
      conn.closing = true;
      break;
    }
    execute(request_, conn);
    done += request_.size;
  }
  conn.input.erase(0, done);
  if (trouble_ == Trouble::choosy && conn.closing && conn.output.empty()) {
    world_.close(conn.fd);
    return drop(conn.fd);
  }
  if (world_.error(conn.fd) != 0 || world_.ended(conn.fd)) {
    if (conn.output.empty() || world_.error(conn.fd) != 0) {
      world_.close(conn.fd);
      return drop(conn.fd);
    }
    conn.closing = true;
  }
  answer_later(conn);
}

// What came before it is answered.
bool FakeServer::ends_now(const WireRequest& request) {
  if (trouble_ != Trouble::choosy || request.verb() != ends_at_) return false;
  world_.trace().note(world_.now(), "ends at", number_, ends_at_);
  return true;
}

// It may come in pieces, and a real one waits for its end only so long.
void FakeServer::check_line(const WireRequest& request, Bytes input) const {
  if (request.verb() == "get" || request.verb() == "gets") return;
  SIM_REQUIRE(input.find('\n') <= 2048, "server %u was sent a line that it may not read", number_);
}

void FakeServer::answer_later(Conn& conn) {
  if (conn.output.empty() || conn.flush_planned) return;
  const std::uint64_t delay_us = world_.faults().server_delay_us;
  if (delay_us == 0) return flush(conn);
  conn.flush_planned = true;
  const Duration delay = std::chrono::microseconds(chance_.below(delay_us + 1));
  world_.alarm(*this, world_.now() + delay, flush_alarm | static_cast<std::uint64_t>(conn.fd));
}

void FakeServer::flush(Conn& conn) {
  if (trouble_ == Trouble::hangs || conn.flush_planned) return;
  Bytes next = conn.output;
  if (trouble_ == Trouble::drips) next = next.substr(0, 1);
  const std::int64_t taken = next.empty() ? 0 : world_.write(conn.fd, next);
  if (taken > 0) conn.output.erase(0, static_cast<std::size_t>(taken));
  if (taken < 0) conn.output.clear();
  if (taken > 0 && trouble_ == Trouble::drips) {
    conn.flush_planned = true;
    world_.alarm(*this, world_.now() + Duration(chance_.below(drip_most)),
                 flush_alarm | static_cast<std::uint64_t>(conn.fd));
    return;
  }
  if (!conn.output.empty()) return;
  if (std::exchange(conn.falls_silent, false)) world_.finish_sending(conn.fd);
  if (!conn.closing) return;
  world_.close(conn.fd);
  drop(conn.fd);
}

}  // namespace ringway::sim
