// The stage on a simulated network: the same suite keeps the simulator honest. The
// peers are sockets of the same world that act only when the test says so.
// RINGWAY_SIM_SEED draws transport faults that no caller may notice.
#include "sim/sim_world.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "ringway/base/assert.h"

#include "net/io_world.h"
#include "sim/fail.h"
#include "sim/sim_io.h"

namespace ringway::net::testing {
namespace {

std::uint64_t seed() {
  const char* given = std::getenv("RINGWAY_SIM_SEED");
  return given == nullptr ? 0 : std::strtoull(given, nullptr, 10);
}

sim::Faults transport_faults() {
  sim::Faults faults;
  faults.pipe_bytes = 4 * 1024 * 1024;  // As a kernel on loopback, which grows its buffers.
  if (seed() == 0) return faults;
  faults.split = 0.3;
  faults.short_recv = 0.3;
  faults.send_in_pieces = 0.3;
  faults.late_completion = 0.3;
  faults.completions_max = 8 + seed() % 50;
  return faults;
}

class Peers final : public sim::Inhabitant {
 public:
  explicit Peers(Io& io) : io_(io) {}
  void on_news(sim::Fd /*fd*/, sim::News /*news*/) override {}
  void on_alarm(std::uint64_t /*what*/) override { io_.wake(); }

 private:
  Io& io_;
};

class SimulatedWorld final : public IoWorld {
 public:
  explicit SimulatedWorld(const IoSettings& settings)
      : world_(sim::Chance(seed()), transport_faults(), trace_),
        io_(world_, settings, sim::Chance(seed() + 1)),
        peers_(io_) {
    io_.drive_world();
  }
  ~SimulatedWorld() override {
    for (const sim::Fd fd : listeners_) world_.close(fd);
    RINGWAY_ASSERT(io_.ops_in_flight() == 0 && io_.open_fds() == 0);
    world_.forget(peers_);
  }

  Io& io() override { return io_; }

  Listener listen(Transport transport) override {
    const Address address = fresh_address(transport);
    const sim::Fd fd = io_.listen(address, 128);
    listeners_.push_back(fd);
    return {.fd = fd, .address = address};
  }
  PeerId connect_peer(const Address& address) override { return world_.connect(peers_, address); }
  Address peer_listen(Transport transport) override { return peers_listen(transport, 128); }
  std::optional<PeerId> peer_accept(const Address& address) override {
    for (const auto& [where, fd] : peer_listeners_) {
      if (!(where == address)) continue;
      if (const sim::Fd peer = world_.accept(fd, peers_); peer >= 0) return peer;
    }
    return std::nullopt;
  }
  Address nobody_listens(Transport transport) override { return fresh_address(transport); }
  Address full_backlog(Transport transport) override { return peers_listen(transport, 0); }

  std::size_t peer_write(PeerId peer, Bytes bytes) override {
    const std::int64_t taken = world_.write(peer, bytes);
    return taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }
  std::string peer_read(PeerId peer, std::size_t bytes_max) override {
    std::string bytes(world_.readable(peer).substr(0, bytes_max));
    world_.consume(peer, bytes.size());
    return bytes;
  }
  bool peer_ended(PeerId peer) override {
    return world_.readable(peer).empty() && (world_.ended(peer) || world_.error(peer) != 0);
  }
  void peer_finish_sending(PeerId peer) override { world_.finish_sending(peer); }
  void peer_close(PeerId peer) override { world_.close(peer); }
  void peer_reset(PeerId peer) override { world_.reset(peer); }
  void wake_after(Duration delay) override { world_.alarm(peers_, world_.now() + delay, 0); }

 private:
  Address fresh_address(Transport transport) {
    const std::string number = std::to_string(++addresses_);
    switch (transport) {
      case Transport::tcp4: return *Address::parse("127.0.0.1:" + number);
      case Transport::tcp6: return *Address::parse("[::1]:" + number);
      case Transport::unix_stream: break;
    }
    return *Address::parse("unix:/sim/" + number);
  }
  Address peers_listen(Transport transport, std::uint32_t backlog) {
    const Address address = fresh_address(transport);
    peer_listeners_.emplace_back(address, world_.listen(peers_, address, backlog));
    return address;
  }

  sim::Trace trace_{false};
  sim::SimWorld world_;
  sim::SimIo io_;
  Peers peers_;
  int addresses_ = 0;
  std::vector<sim::Fd> listeners_;
  std::vector<std::pair<Address, sim::Fd>> peer_listeners_;
};

}  // namespace

std::unique_ptr<IoWorld> open_io_world(const IoSettings& settings) {
  return std::make_unique<SimulatedWorld>(settings);
}

}  // namespace ringway::net::testing
