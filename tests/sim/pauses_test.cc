// Whoever is not read for some reason is read again when it is over, and holds no more meanwhile
// than what had come before; who is half way is not blamed for it.
#include <algorithm>
#include <charconv>

#include "sim/one_worker.h"
#include "sim/speaker.h"

namespace ringway::sim {
namespace {

const net::Address host_address = *net::Address::parse("10.0.0.2:11211");
constexpr std::size_t large_bytes = 8'000'000;

// Answers at once, nothing while it is asleep. Keys say how large their values are: "v5" is 5
// bytes.
class Host final : public Inhabitant {
 public:
  explicit Host(SimWorld& world) : world_(world) {
    listener_ = world_.listen(*this, host_address, 16);
  }
  ~Host() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      fd_ = world_.accept(listener_, *this);
      return;
    }
    if (news == News::readable) {
      input_ += world_.readable(fd_);
      world_.consume(fd_, world_.readable(fd_).size());
    }
    answer();
  }
  // Goes on with at most so many requests.
  void wake(std::size_t requests = ~std::size_t{0}) {
    awake_ = requests;
    answer();
  }
  void sleep() { awake_ = 0; }
  std::uint64_t stored = 0;

 private:
  void answer() {
    for (std::size_t end; (end = input_.find("\r\n")) != std::string::npos && awake_ > 0;) {
      const std::string line = input_.substr(0, end);
      end += 2;
      if (line.starts_with("set ")) {
        const std::size_t bytes = number(line.substr(line.rfind(' ') + 1)) + 2;
        if (input_.size() < end + bytes) break;
        end += bytes;
        ++stored;
      }
      input_.erase(0, end);
      --awake_;
      output_ += reply(line);
    }
    const std::int64_t taken = world_.write(fd_, output_);
    if (taken > 0) output_.erase(0, static_cast<std::size_t>(taken));
  }
  static std::string reply(const std::string& line) {
    if (line == "version") return "VERSION 1\r\n";
    if (line.starts_with("set ")) return "STORED\r\n";
    if (!line.starts_with("get v")) return line.starts_with("get ") ? "END\r\n" : "DELETED\r\n";
    const std::size_t bytes = number(line.substr(5));
    return "VALUE " + line.substr(4) + " 0 " + std::to_string(bytes) + "\r\n" +
           std::string(bytes, 'v') + "\r\nEND\r\n";
  }
  static std::size_t number(std::string_view text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  SimWorld& world_;
  Fd listener_ = -1;
  Fd fd_ = -1;
  std::size_t awake_ = ~std::size_t{0};
  std::string input_;
  std::string output_;
};

struct Paused : OneWorker {
  Paused(std::size_t count, const std::string& of_listener, const std::string& pool,
         const std::string& memory_max = "64MiB")
      : OneWorker(1us) {
    router = "[router]\nmemory_max = \"" + memory_max + "\"\n";
    limits = of_listener;
    adopt(pool, "10.0.0.2:11211");
    while (peers.size() < count) peers.push_back(std::make_unique<Speaker>(world));
    take_clients();
    run_for(100ms);
    peer(0).say("get key\r\n");  // Its server is connected to.
    run_for(100ms);
    peer(0).heard.clear();
  }
  std::uint32_t waiting() { return worker->clients().paused().count(proxy::PauseReason::memory); }
  std::uint64_t lent() const { return worker->parts().buffers.lent_bytes(); }
  std::uint64_t bytes_max() const { return worker->parts().memory.value_bytes_max() / 5 * 8; }
  std::uint64_t counted(metrics::WorkerMetric metric) const {
    return shared.registry.total(metric);
  }
  Speaker& peer(std::size_t i) { return *peers[i]; }
  // Lines without an end, until so many bytes are lent.
  void fill(std::size_t count, std::uint64_t upto) {
    while (lent() < upto) {
      for (std::size_t i = 0; i < count; ++i) peer(i).say(std::string(50'000, 'k'));
      run_for(2ms);
    }
  }

  Host host{world};
  std::vector<std::unique_ptr<Speaker>> peers;
};

TEST_CASE("who had much to read when memory was full is read again once it took it") {
  Paused test(7, "", "timeout = \"10s\"");
  Speaker& reader = test.peer(6);
  reader.deaf = true;
  reader.say("get v500000\r\n");
  test.run_for(50ms);
  for (std::size_t i = 0; i < 6; ++i) test.peer(i).say("get ");
  test.fill(6, test.bytes_max() / 8 * 7 + 1);
  CHECK(test.waiting() == 1);
  for (std::size_t i = 0; i < 5; ++i) test.peer(i).say(" \r\n");
  test.run_for(50ms);
  REQUIRE(test.lent() < test.bytes_max() / 8 * 6);
  reader.listen();
  test.run_for(50ms);
  CHECK(test.waiting() == 0);
  reader.heard.clear();
  reader.say("get v5\r\n");
  test.run_for(50ms);
  CHECK(reader.heard == "VALUE v5 0 5\r\nvvvvv\r\nEND\r\n");
}

TEST_CASE("a large value waits for memory, however its line comes") {
  Paused test(10, "value_max = \"16MiB\"\nkeys_per_ask = 4\n", "timeout = \"10s\"");
  for (std::size_t i = 0; i < 10; ++i) {
    test.peer(i).say("set key 0 0 80");
    test.run_for(5ms);
    test.peer(i).say("00000\r\n" + std::string(20'000, 'v'));
    test.run_for(5ms);
  }
  CHECK(test.waiting() == 8);
  for (std::size_t i = 0; i < 10; ++i) {
    test.peer(i).say(std::string(large_bytes - 20'000, 'v') + "\r\n");
    test.run_for(10ms);
  }
  test.run_for(200ms);
  for (std::size_t i = 0; i < 10; ++i) CHECK(test.peer(i).heard == "STORED\r\n");
  CHECK(test.waiting() == 0);
}

// Both are looked at from the same moment on.
TEST_CASE("who says no more gives memory back before anybody who waits for it is refused") {
  Paused test(31, "", "timeout = \"10s\"");
  for (std::size_t i = 0; i < 30; ++i) test.peer(i).say("get ");
  test.fill(30, test.bytes_max() / 8 * 5);
  CHECK(test.waiting() == 0);
  test.peer(30).say("set key 0 0 900000\r\n" + std::string(900'000, 'v') + "\r\n");
  test.run_for(100ms);
  CHECK(test.waiting() == 1);
  test.run_for(3s);
  CHECK(test.peer(30).heard == "STORED\r\n");
}

// It waited longer than it may stand still, but it was ringway that did not read it.
TEST_CASE("who has waited for memory has not stalled") {
  Paused test(4, "value_max = \"16MiB\"\nkeys_per_ask = 4\nclient_stall_timeout = \"500ms\"\n",
              "timeout = \"10s\"");
  std::size_t said = 0;
  const auto trickle = [&](Duration time) {
    for (const Instant end = test.world.now() + time; test.world.now() < end;) {
      for (std::size_t i = 0; i < 3; ++i) test.peer(i).say(std::string(20'000, 'v'));
      said += 20'000;
      test.run_for(50ms);
    }
  };
  for (std::size_t i = 0; i < 3; ++i) test.peer(i).say("set key 0 0 8000000\r\n");
  trickle(100ms);
  test.peer(3).say("set key 0 0 8000000\r\n");
  trickle(900ms);
  REQUIRE(test.waiting() == 2);
  for (std::size_t i = 0; i < 3; ++i)
    test.peer(i).say(std::string(large_bytes - said, 'v') + "\r\n");
  test.run_for(400ms);
  REQUIRE(test.waiting() == 0);
  test.peer(3).say(std::string(large_bytes, 'v') + "\r\n");
  test.run_for(100ms);
  for (std::size_t i = 0; i < 4; ++i) CHECK(test.peer(i).heard == "STORED\r\n");
}

// What waits for a full queue begins with a limit of its own reached behind it.
void check_input_is_bounded(const std::string& held) {
  CAPTURE(held);
  Paused test(3, "client_output_high = \"64KiB\"\n",
              "timeout = \"1s\"\nserver_queue_max = 2\neject.failures = 0");
  test.host.sleep();
  Speaker& asker = test.peer(0);
  asker.deaf = true;
  asker.say("get v600000\r\n");
  test.run_for(10ms);
  for (std::size_t i = 1; i < 3; ++i) {
    test.peer(i).say("get key\r\n");
    test.run_for(10ms);
  }
  asker.say(held + "get key\r\n");
  test.run_for(10ms);
  CHECK(test.worker->servers().waiting(test.server_id()) == 2);
  test.host.wake(1);
  test.run_for(3s);
  CHECK(test.worker->servers().waiting(test.server_id()) == 0);
  const std::uint64_t before = test.lent();
  for (int i = 0; i < 100'000; ++i) asker.say("get key\r\n");
  test.run_for(100ms);
  CHECK(test.lent() < before + 100'000);
  CHECK(!asker.said_all());
  test.host.wake();
  asker.listen();
  test.run_for(1s);
  CHECK(asker.said_all());
  CHECK(test.lent() == 0);
}

TEST_CASE("who takes nothing is not read on when what it waited for was given up") {
  check_input_is_bounded("get other\r\n");
  check_input_is_bounded("get other another\r\n");
}

TEST_CASE(
    "who owes the rest of a value that is dropped stalls, although nobody tells it anything") {
  Paused test(1, "client_stall_timeout = \"1s\"\nidle_timeout = \"off\"\n", "timeout = \"10s\"");
  test.peer(0).say("set key 0 0 20000000 noreply\r\n");
  test.run_for(500ms);
  CHECK(test.worker->clients().size() == 1);
  test.run_for(1s);
  CHECK(test.counted(metrics::WorkerMetric::clients_stalled) == 1);
}

// What is half there goes first, and at the end of the turn.
TEST_CASE("a small value is passed on although more came in this turn than there is room for") {
  constexpr std::size_t readers = 20;
  constexpr std::size_t last = readers + 200;
  Paused test(last + 650, "", "timeout = \"10s\"");
  test.host.sleep();
  for (std::size_t i = 0; i < readers; ++i) test.peer(i).say("get v5\r\n");
  for (std::size_t i = readers; i < test.peers.size(); ++i) test.peer(i).say("get ");
  test.run_for(10ms);
  std::size_t next = last;
  while (test.lent() + 1'000'000 < test.bytes_max()) {
    REQUIRE(next < test.peers.size());
    test.peer(next++).say(std::string(60'000, 'k'));
    test.run_for(1ms);
  }
  REQUIRE(test.lent() < test.bytes_max());
  for (std::size_t i = readers; i < last; ++i) test.peer(i).say(std::string(16'000, 'k'));
  test.host.wake();
  while (test.world.next_event() < test.world.now() + 20ms) test.world.run_next_event();
  std::uint64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    test.run_for(100us);
    most = std::max(most, test.lent());
  }
  CHECK(most > test.bytes_max());
  for (std::size_t i = 0; i < readers; ++i)
    CHECK(test.peer(i).heard == "VALUE v5 0 5\r\nvvvvv\r\nEND\r\n");
}

TEST_CASE("values that wait for room go before those that are half there and small ones") {
  constexpr std::size_t readers = 20;
  constexpr std::size_t begun = readers + 20;
  constexpr std::size_t value_bytes = 100'000;
  const std::string line = "set key 0 0 " + std::to_string(value_bytes) + "\r\n";
  Paused test(begun + 940, "", "timeout = \"10s\"", "32MiB");
  test.host.sleep();
  for (std::size_t i = 0; i < readers; ++i) test.peer(i).say("get v5\r\n");
  for (std::size_t i = readers; i < begun; ++i) test.peer(i).say(line + std::string(50'000, 'v'));
  test.run_for(10ms);
  for (std::size_t i = begun; i < test.peers.size(); ++i)
    test.peer(i).say(line + std::string(90'000, 'v'));
  while (test.world.next_event() < test.world.now() + 20ms) test.world.run_next_event();
  test.run_for(10ms);
  test.host.wake();
  test.run_for(10ms);
  CHECK(test.counted(metrics::WorkerMetric::requests_shed) > 0);
  for (std::size_t i = 0; i < readers; ++i)
    CHECK(test.peer(i).heard == "VALUE v5 0 5\r\nvvvvv\r\nEND\r\n");
  for (std::size_t i = readers; i < begun; ++i) {
    test.peer(i).say(std::string(value_bytes - 50'000, 'v') + "\r\n");
    test.run_for(5ms);
    CHECK(test.peer(i).heard == "STORED\r\n");
  }
}

// What makes it so comes in the same turn, some of it before them.
TEST_CASE("the rest of a small value is taken although memory is exhausted") {
  constexpr std::size_t small = 100;
  Paused test(small + 850, "", "timeout = \"10s\"", "32MiB");
  for (std::size_t i = 0; i < small; ++i) test.peer(i).say("set key 0 0 6\r\nval");
  test.run_for(10ms);
  for (std::size_t i = small; i < test.peers.size(); ++i)
    test.peer(i).say("get " + std::string(60'000, 'k'));
  for (std::size_t i = 0; i < small; ++i) test.peer(i).say("ue2\r\n");
  while (test.world.next_event() < test.world.now() + 20ms) test.world.run_next_event();
  test.run_for(50ms);
  CHECK(test.counted(metrics::WorkerMetric::requests_shed) > 0);
  for (std::size_t i = 0; i < small; ++i) CHECK(test.peer(i).heard == "STORED\r\n");
}

// Each of them may go on, for it is small.
TEST_CASE("many small values that are half there are refused before they are too much together") {
  constexpr std::size_t value_bytes = 60'000;
  constexpr std::size_t piece = 6'000;
  Paused test(900, "", "timeout = \"10s\"", "32MiB");
  for (auto& peer : test.peers) peer->say("set key 0 0 " + std::to_string(value_bytes) + "\r\n");
  test.run_for(5ms);
  for (std::size_t said = 0; said < value_bytes; said += piece) {
    for (auto& peer : test.peers) peer->say(std::string(piece, 'v'));
    test.run_for(5ms);
    CHECK(test.lent() <= test.bytes_max() / 8 * 9);
  }
  for (auto& peer : test.peers) peer->say("\r\n");
  test.run_for(5s);
  std::size_t stored = 0;
  for (auto& peer : test.peers) {
    const bool refused = peer->heard.find("SERVER_ERROR") == 0;
    stored += peer->heard == "STORED\r\n" ? 1 : 0;
    CHECK((refused || peer->heard == "STORED\r\n"));
  }
  CHECK(stored >= 100);
  CHECK(stored < test.peers.size());
}

}  // namespace
}  // namespace ringway::sim
