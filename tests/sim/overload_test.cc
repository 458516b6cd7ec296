// A server that is asked for more than it can do: what it does answer comes in time, and each of
// those who wait gets its share. One worker on the simulated network, a server that takes a fixed
// time for each request, and clients that ask whatever the answers are.
#include <deque>
#include <doctest/doctest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringway/config/load.h"
#include "ringway/snapshot/snapshot.h"

#include "sim/sim_io.h"
#include "worker/worker.h"

namespace ringway::sim {
namespace {

using namespace std::chrono_literals;

const net::Address server_address = *net::Address::parse("10.0.0.1:11211");
const net::Address own_address = *net::Address::parse("127.0.0.1:11311");

// Answers one request after another, each after `pace`, whatever it is.
class PacedServer final : public Inhabitant {
 public:
  PacedServer(SimWorld& world, Duration pace) : world_(world), pace_(pace) {
    listener_ = world_.listen(*this, server_address, 16);
  }
  ~PacedServer() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      world_.accept(listener_, *this);
    } else if (news == News::readable) {
      input_ += world_.readable(fd);
      world_.consume(fd, world_.readable(fd).size());
      for (std::size_t end; (end = input_.find('\n')) != std::string::npos;
           input_.erase(0, end + 1))
        waiting_.push_back({fd, input_.starts_with("version") ? "VERSION 1\r\n" : "END\r\n"});
      work();
    }
  }

  void on_alarm(std::uint64_t /*what*/) override {
    busy_ = false;
    const auto [fd, text] = waiting_.front();
    waiting_.pop_front();
    world_.write(fd, text);
    work();
  }

 private:
  void work() {
    if (busy_ || waiting_.empty()) return;
    busy_ = true;
    world_.alarm(*this, world_.now() + pace_, 0);
  }

  SimWorld& world_;
  const Duration pace_;
  Fd listener_ = -1;
  std::string input_;
  bool busy_ = false;
  std::deque<std::pair<Fd, std::string>> waiting_;
};

// Asks `each` at a time, again and again, whatever became of the last ones.
class Asker final : public Inhabitant {
 public:
  Asker(SimWorld& world, std::uint32_t each, Duration pause, Instant begin)
      : world_(world), each_(each), pause_(pause), fd_(world.connect(*this, own_address)) {
    world_.alarm(*this, begin, 0);
  }
  ~Asker() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (news != News::readable) return;
    input_ += world_.readable(fd);
    world_.consume(fd, world_.readable(fd).size());
    for (std::size_t end; (end = input_.find('\n')) != std::string::npos; input_.erase(0, end + 1))
      ++(input_.starts_with("END") ? served : refused);
  }

  void on_alarm(std::uint64_t /*what*/) override {
    std::string text;
    for (std::uint32_t i = 0; i < each_; ++i) text += "get key\r\n";
    asked += each_;
    world_.write(fd_, text);
    world_.alarm(*this, world_.now() + pause_, 0);
  }

  std::uint64_t asked = 0;
  std::uint64_t served = 0;
  std::uint64_t refused = 0;

 private:
  SimWorld& world_;
  const std::uint32_t each_;
  const Duration pause_;
  const Fd fd_;
  std::string input_;
};

struct Case {
  explicit Case(Duration pace) : server(world, pace) {
    config::Loaded loaded = config::load_text(
        "[listener.a]\nbind = \"127.0.0.1:11311\"\nroute = \"a\"\n"
        "[pool.a]\nservers = [\"10.0.0.1:11211\"]\ntimeout = \"500ms\"\n"
        "[pool.a.health]\ncheck = \"off\"\n",
        "test", [](std::string_view) { return std::nullopt; });
    REQUIRE(loaded.config);
    loaded.config->clients_max = 1000;
    snapshot = snapshot::build(
        std::move(*loaded.config), 1,
        {.server = [this](const auto& identity) { return crew.board.id_of(identity); },
         .listener = [](const std::string&) { return snapshot::ListenerId{0}; }});
    crew.board.set_address(snapshot->pools[0]->servers[0].id, server_address);
    listener = io.listen(own_address, 1000);
    io.drive_world();
    worker.emplace(0, io, crew);
    crew.post_all(worker::Adopt{snapshot.get()});
  }
  ~Case() {
    crew.post_all(worker::Stop{});
    while (!worker->stopped()) worker->turn();
  }

  void clients(std::uint32_t count, std::uint32_t each, Duration pause) {
    for (std::uint32_t i = 0; i < count; ++i)
      askers.push_back(
          std::make_unique<Asker>(world, each, pause, world.now() + 100ms + pause * i / count));
    while (world.next_event() < world.now() + 50ms) world.run_next_event();
    for (const int fd : io.accept_waiting(listener)) crew.post_all(worker::TakeClient{fd, 0});
  }
  void run_for(Duration time) {
    const Instant end = world.now() + time;
    while (world.now() < end) worker->turn();
  }
  std::uint64_t served() const {
    std::uint64_t sum = 0;
    for (const auto& asker : askers) sum += asker->served;
    return sum;
  }

  Trace trace{false};
  SimWorld world{Chance(7), Faults{}, trace};
  PacedServer server;
  SimIo io{world, net::IoSettings{}, Chance(8)};
  worker::Crew crew{{&io}};
  std::shared_ptr<const snapshot::Snapshot> snapshot;
  Fd listener = -1;
  std::optional<worker::Worker> worker;
  std::vector<std::unique_ptr<Asker>> askers;
};

constexpr Duration pace = 200us;  // 5,000 a second.

TEST_CASE("a server of half the asked rate answers nearly all that it can do in time") {
  for (const std::uint32_t each : {1, 10, 100}) {
    CAPTURE(each);
    Case test(pace);
    test.clients(100, each, pace * 50 * each);
    test.run_for(3s);
    const std::uint64_t before = test.served();
    test.run_for(5s);
    CHECK(test.served() - before >= 5s / pace * 9 / 10);
  }
}

TEST_CASE("each of those who wait gets its share of what the server answers") {
  for (const std::uint32_t count : {4, 20, 60}) {
    CAPTURE(count);
    Case test(pace);
    test.clients(count, 200, pace * 100 * count);
    test.run_for(10s);
    for (const auto& asker : test.askers) CHECK(asker->served * 2 * count >= test.served());
  }
}

TEST_CASE("a server that keeps up answers everybody") {
  Case test(pace);
  test.clients(50, 10, pace * 600);
  test.run_for(5s);
  for (const auto& asker : test.askers) CHECK(asker->refused == 0);
}

}  // namespace
}  // namespace ringway::sim
