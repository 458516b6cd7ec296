// One worker on the simulated network, without control: a server that takes a fixed time for each
// request, and clients that ask whatever the answers are. For tests of one thing at a time.
#pragma once

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

#include "sim/sim_io.h"
#include "worker/worker.h"

namespace ringway::sim {

using namespace std::chrono_literals;

inline const net::Address server_address = *net::Address::parse("10.0.0.1:11211");
inline const net::Address own_address = *net::Address::parse("127.0.0.1:11311");

// Answers one request after another, each after `pace`, whatever it is.
class PacedServer final : public Inhabitant {
 public:
  PacedServer(SimWorld& world, Duration pace, const net::Address& address = server_address)
      : world_(world), pace_(pace) {
    listener_ = world_.listen(*this, address, 16);
  }
  ~PacedServer() override { world_.forget(*this); }

  // Ends its connections; from now on it answers at this pace.
  void lose_connections(Duration pace) {
    for (const Fd fd : std::exchange(fds_, {})) world_.close(fd);
    waiting_.clear();
    pace_ = pace;
    busy_ = false;
    ++life_;
  }

  // From now on it ends a connection at a line that begins so; "*": at any but the greeting.
  void end_at(std::string words) { ends_at_ = std::move(words); }
  std::uint64_t connections() const { return connections_; }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      fds_.push_back(world_.accept(listener_, *this));
      ++connections_;
    } else if (news == News::readable) {
      input_ += world_.readable(fd);
      world_.consume(fd, world_.readable(fd).size());
      for (std::size_t end; (end = input_.find('\n')) != std::string::npos;
           input_.erase(0, end + 1)) {
        const bool ends = ends_at_ == "*" ? !input_.starts_with("version")
                                          : !ends_at_.empty() && input_.starts_with(ends_at_);
        if (ends) return end_connection(fd);
        waiting_.push_back({fd, input_.starts_with("version") ? "VERSION 1\r\n"
                                : input_.starts_with("mg")    ? "EN\r\n"
                                                              : "END\r\n"});
      }
      work();
    }
  }

  void on_alarm(std::uint64_t life) override {
    if (life != life_) return;
    busy_ = false;
    const auto [fd, text] = waiting_.front();
    waiting_.pop_front();
    world_.write(fd, text);
    work();
  }

 private:
  // What came before it is answered.
  void end_connection(Fd fd) {
    for (; !waiting_.empty(); waiting_.pop_front()) {
      if (waiting_.front().first == fd) world_.write(fd, waiting_.front().second);
    }
    input_.clear();
    busy_ = false;
    ++life_;
    std::erase(fds_, fd);
    world_.close(fd);
  }
  void work() {
    if (busy_ || waiting_.empty()) return;
    busy_ = true;
    const bool greets = waiting_.front().second.starts_with("VERSION");
    world_.alarm(*this, world_.now() + (greets ? Duration(1) : pace_), life_);
  }

  SimWorld& world_;
  Duration pace_;
  Fd listener_ = -1;
  std::vector<Fd> fds_;
  std::uint64_t life_ = 0;
  std::string input_;
  std::string ends_at_;
  std::uint64_t connections_ = 0;
  bool busy_ = false;
  std::deque<std::pair<Fd, std::string>> waiting_;
};

// Asks `each` at a time, again and again, whatever became of the last ones.
class Asker final : public Inhabitant {
 public:
  Asker(SimWorld& world, std::uint32_t each, Duration pause, Instant begin, std::string line)
      : world_(world),
        each_(each),
        pause_(pause),
        fd_(world.connect(*this, own_address)),
        line_(std::move(line)) {
    world_.alarm(*this, begin, 0);
  }
  ~Asker() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (news != News::readable) return;
    input_ += world_.readable(fd);
    world_.consume(fd, world_.readable(fd).size());
    for (std::size_t end; (end = input_.find('\n')) != std::string::npos; input_.erase(0, end + 1))
      heard(input_.substr(0, end));
  }

  void on_alarm(std::uint64_t /*what*/) override {
    std::string text;
    for (std::uint32_t i = 0; i < each_; ++i) text += line_;
    asked += each_;
    world_.write(fd_, text);
    world_.alarm(*this, world_.now() + pause_, 0);
  }

  std::string last;  // What it heard last.
  std::uint64_t asked = 0;
  std::uint64_t served = 0;
  std::uint64_t refused = 0;

 private:
  void heard(std::string line) {
    ++(line.starts_with("EN") ? served : refused);
    last = std::move(line);
  }

  SimWorld& world_;
  const std::uint32_t each_;
  const Duration pause_;
  const Fd fd_;
  const std::string line_;
  std::string input_;
};

struct OneWorker {
  explicit OneWorker(Duration pace, const std::string& pool = "timeout = \"500ms\"")
      : server(world, pace) {
    listener = io.listen(own_address, 1000);
    worker.emplace(0, io, shared);
    adopt(pool, "10.0.0.1:11211");
  }

  // A pool of one server, by this name and at the address that it says.
  void adopt(const std::string& pool, const std::string& address) { adopt_all(pool, {address}); }
  void adopt_all(const std::string& pool, const std::vector<std::string>& addresses) {
    std::string servers;
    for (const std::string& address : addresses) servers += "\"" + address + "\", ";
    config::Loaded loaded =
        config::load_text(router + "[listener.a]\nbind = \"127.0.0.1:11311\"\nroute = \"a\"\n" +
                              limits + "[pool.a]\n" + pool + "\nservers = [" + servers +
                              "]\n[pool.a.health]\ncheck = \"off\"\n",
                          "test", [](std::string_view) { return std::nullopt; });
    REQUIRE(loaded.config);
    loaded.config->clients_max = 1000;
    snapshots.push_back(snapshot::build(
        std::move(*loaded.config), snapshots.size() + 1,
        {.server = [this](const auto& identity) { return shared.board.id_of(identity); },
         .listener = [](const std::string&) { return snapshot::ListenerId{0}; }}));
    for (std::size_t i = 0; i < addresses.size(); ++i)
      shared.board.set_address(server_id(i), *net::Address::parse(addresses[i]));
    shared.post_all(worker::Adopt{snapshots.back().get()});
  }
  pool::ServerId server_id(std::size_t number = 0) const {
    return snapshots.back()->pools[0]->servers[number].id;
  }
  ~OneWorker() {
    shared.post_all(worker::Stop{});
    while (!worker->stopped()) run_for(1ms);
  }

  void clients(std::uint32_t count, std::uint32_t each, Duration pause,
               const std::string& line = "get key\r\n") {
    for (std::uint32_t i = 0; i < count; ++i)
      askers.push_back(std::make_unique<Asker>(world, each, pause,
                                               world.now() + 100ms + pause * i / count, line));
    take_clients();
  }
  // Those who have connected.
  void take_clients() {
    while (world.next_event() < world.now() + 50ms) world.run_next_event();
    for (const int fd : io.accept_waiting(listener)) shared.post_all(worker::TakeClient{fd, 0});
  }
  void run_for(Duration time) {
    const Instant end = world.now() + time;
    while (world.now() < end) {
      worker->turn();
      if (++turns % turns_per_check == 0) worker->check_invariants();
      while (world.next_event() <= std::min(io.next_wakeup(), end)) world.run_next_event();
      world.advance(std::min(std::max(io.next_wakeup(), world.now()), end));
    }
  }
  std::uint64_t served() const {
    std::uint64_t sum = 0;
    for (const auto& asker : askers) sum += asker->served;
    return sum;
  }

  std::uint64_t turns = 0;
  // A check looks at everything: where thousands wait for a long time, not after each turn.
  std::uint64_t turns_per_check = 1;
  std::string router;  // For the next adopt(): a section, and settings of the listener.
  std::string limits;
  Trace trace{false};
  SimWorld world{Chance(7), Faults{}, trace};
  PacedServer server;
  SimIo io{world, net::IoSettings{}, Chance(8)};
  worker::Shared shared{{&io}};
  std::vector<std::shared_ptr<const snapshot::Snapshot>> snapshots;
  Fd listener = -1;
  std::optional<worker::Worker> worker;
  std::vector<std::unique_ptr<Asker>> askers;
};

}  // namespace ringway::sim
