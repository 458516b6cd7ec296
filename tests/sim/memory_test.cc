// memory_max: who wants to say a large value waits until it fits, one after another. It is refused
// only where somebody stands still or nothing comes back, in clear words, and its key is deleted.
#include "sim/one_worker.h"
#include "sim/speaker.h"
#include "sim/wire.h"

namespace ringway::sim {
namespace {

constexpr std::size_t value_bytes = 8'000'000;
const std::string refused =
    "SERVER_ERROR ringway: memory_max is reached: no room for a value this large\r\n";
const std::string refused_line =
    "SERVER_ERROR ringway: memory_max is reached: no room for a line this large\r\n";
const net::Address store_address = *net::Address::parse("10.0.0.2:11211");

// Takes and answers everything at once, or nothing while it is asleep.
class Store final : public Inhabitant {
 public:
  explicit Store(SimWorld& world) : world_(world) {
    listener_ = world_.listen(*this, store_address, 16);
  }
  ~Store() override { world_.forget(*this); }

  void on_news(Fd fd, News news) override {
    if (fd == listener_) {
      fd_ = world_.accept(listener_, *this);
    } else if (news == News::readable && !asleep) {
      read();
    }
  }
  void wake() {
    asleep = false;
    read();
  }

  bool asleep = false;
  std::uint64_t stored = 0;
  std::vector<std::string> deleted;

 private:
  void read() {
    input_ += world_.readable(fd_);
    world_.consume(fd_, world_.readable(fd_).size());
    WireRequest request;
    std::size_t taken = 0;
    while (next_request(Bytes(input_).substr(taken), request) == Framed::complete) {
      taken += request.size;
      world_.write(fd_, answer(request));
    }
    input_.erase(0, taken);
  }

  Bytes answer(const WireRequest& request) {
    if (request.verb() == "version") return "VERSION 1\r\n";
    if (request.verb() == "get") return "END\r\n";
    if (request.verb() == "set") {
      ++stored;
      return "STORED\r\n";
    }
    REQUIRE(request.verb() == "delete");
    deleted.emplace_back(request.word(1));
    return "DELETED\r\n";
  }

  SimWorld& world_;
  Fd listener_ = -1;
  Fd fd_ = -1;
  std::string input_;
};

// A speaker, and how much of its value it has not said yet.
struct Talker {
  explicit Talker(SimWorld& world) : speaker(world) {}

  void say(const std::string& text) { speaker.say(text); }
  // Of a value, whose line is said first.
  void say_value(std::size_t bytes) {
    if (left == 0) {
      say(verb + " key 0 0 " + std::to_string(value_bytes) + (noreply ? " noreply\r\n" : "\r\n"));
      left = value_bytes;
    }
    bytes = std::min(bytes, left);
    left -= bytes;
    say(std::string(bytes, 'v') + (left == 0 ? "\r\n" : ""));
  }

  Speaker speaker;
  std::string& heard = speaker.heard;
  std::string verb = "set";
  bool noreply = false;
  std::size_t left = 0;
};

struct Limited : OneWorker {
  explicit Limited(int count) : OneWorker(1us) {
    router = "[router]\nmemory_max = \"64MiB\"\n";
    limits = "value_max = \"16MiB\"\nkeys_per_ask = 4\n";
    adopt("timeout = \"10s\"", "10.0.0.2:11211");
    while (count-- > 0) talkers.push_back(std::make_unique<Talker>(world));
    take_clients();
    run_for(100ms);
  }

  std::uint32_t waiting() { return worker->clients().paused().count(proxy::PauseReason::memory); }
  std::uint64_t lent() const { return worker->parts().buffers.lent_bytes(); }
  std::uint64_t bytes_max() const { return worker->parts().memory.bytes_max(); }
  Talker& talker(std::size_t i) { return *talkers[i]; }

  Store store{world};
  std::vector<std::unique_ptr<Talker>> talkers;
};

// Room for two values: the third and the fourth one wait, and the last client has said nothing.
struct Crowded : Limited {
  explicit Crowded(const std::string& verb_of_1 = "set", bool noreply = false) : Limited(5) {
    talker(1).verb = verb_of_1;
    talker(1).noreply = noreply;
    for (std::size_t i = 0; i < 4; ++i) {
      talker(i).say_value(100'000);
      run_for(10ms);
    }
    REQUIRE(waiting() == 2);
  }

  // These go on with their values, a little at a time.
  void trickle(std::initializer_list<std::size_t> which, Duration time) {
    for (const Instant end = world.now() + time; world.now() < end;) {
      for (const std::size_t i : which) {
        if (talker(i).left > 0) talker(i).say_value(20'000);
      }
      run_for(50ms);
    }
  }
  void finish(std::size_t i) {
    if (talker(i).left > 0) talker(i).say_value(value_bytes);
    run_for(200ms);
  }
  void check_all_stored() {
    for (std::size_t i = 0; i < 4; ++i) CHECK(talker(i).heard == "STORED\r\n");
  }
};

TEST_CASE("who was let in a moment ago does not stand still, however long he waited") {
  Crowded test;
  test.trickle({0, 1}, 1500ms);
  test.finish(0);
  CHECK(test.waiting() == 1);
  test.trickle({1}, 600ms);  // The third one has no turn on its machine.
  for (const std::size_t i : {2, 1, 3}) test.finish(i);
  test.check_all_stored();
}

TEST_CASE("who begins a value after a long silence does not stand still") {
  Crowded test;
  test.trickle({0, 1}, 1500ms);
  test.finish(0);
  test.trickle({1, 2}, 1500ms);
  test.finish(1);
  test.finish(2);
  test.finish(3);
  test.talker(0).say_value(1);
  test.trickle({0}, 2s);
  CHECK(test.waiting() == 0);
  test.finish(0);
  CHECK(test.talker(0).heard == "STORED\r\nSTORED\r\n");
}

TEST_CASE("who stands still while others wait is refused in clear words, and its key goes") {
  Crowded test;
  test.trickle({0}, 500ms);
  CHECK(test.talker(1).heard.empty());
  test.trickle({0}, 1s);
  CHECK(test.talker(1).heard == refused);
  CHECK(test.store.deleted == std::vector<std::string>{"key"});
  CHECK(test.waiting() == 1);
  for (const std::size_t i : {0, 1, 2, 3}) test.finish(i);
  test.talker(1).say("get key\r\n");
  test.run_for(100ms);
  CHECK(test.talker(1).heard == refused + "END\r\n");
  CHECK(test.store.stored == 3);
}

TEST_CASE("of what is refused without a reply the key goes, too, where an older value would stay") {
  const auto deleted_by = [](const std::string& verb, bool noreply) {
    Crowded test(verb, noreply);
    test.trickle({0}, 1500ms);
    CHECK(test.talker(1).heard == (noreply ? "" : refused));
    return !test.store.deleted.empty();
  };
  for (const std::string verb : {"set", "replace", "append", "prepend"}) {
    CAPTURE(verb);
    CHECK(deleted_by(verb, true));
    CHECK(deleted_by(verb, false) == (verb == "set"));
  }
  CHECK_FALSE(deleted_by("add", true));
}

TEST_CASE(
    "a line that may announce a value is never refused: its value would be read as commands") {
  Crowded test;
  test.talker(4).say("set key 0 0 9");
  test.trickle({0, 1}, 2s);
  test.talker(4).say("\r\nget other\r\n");
  for (const std::size_t i : {0, 1, 2, 3}) test.finish(i);
  CHECK(test.talker(4).heard == "STORED\r\n");
  test.check_all_stored();
}

TEST_CASE("what is half there is read on while an eighth more is free; then the largest goes") {
  Limited test(5);
  test.talker(4).say("set key 0 0 9000\r\n");
  for (std::size_t i = 0; i < 4; ++i) test.talker(i).say("get ");
  const auto grow = [&] {
    for (std::size_t i = 0; i < 4; ++i) test.talker(i).say(std::string(50'000, 'k'));
    test.run_for(2ms);
  };
  const auto told = [&] {
    return std::ranges::count_if(
        test.talkers, [](const auto& talker) { return talker->heard.starts_with("SERVER_ERROR"); });
  };
  while (test.lent() <= test.bytes_max()) grow();
  test.talker(4).say(std::string(9000, 'v') + "\r\n");
  test.run_for(10ms);
  CHECK(test.talker(4).heard == "STORED\r\n");
  CHECK(told() == 0);
  for (int i = 0; i < 100 && told() == 0; ++i) grow();
  CHECK(told() >= 1);
  CHECK(told() < 4);
  CHECK(test.lent() <= test.bytes_max() / 8 * 9);
}

TEST_CASE("those who wait wait on while the values before them come") {
  Crowded test;
  test.trickle({0, 1}, 4s);
  CHECK(test.waiting() == 2);
  for (const std::size_t i : {0, 1, 2, 3}) test.finish(i);
  test.check_all_stored();
}

TEST_CASE("where nothing comes back those who wait are refused after a second") {
  Crowded test;
  test.talker(4).say("get key\r\n");
  test.run_for(100ms);
  REQUIRE(test.talker(4).heard == "END\r\n");
  test.store.asleep = true;
  for (const std::size_t i : {0, 1}) test.finish(i);
  test.run_for(300ms);
  CHECK(test.waiting() == 2);
  test.run_for(1s);
  CHECK(test.waiting() == 0);
  for (const std::size_t i : {2, 3}) {
    CHECK(test.talker(i).heard == "");  // The delete of its key has no answer yet.
    test.finish(i);
  }
  test.store.wake();
  test.run_for(1s);
  for (const std::size_t i : {0, 1}) CHECK(test.talker(i).heard == "STORED\r\n");
  for (const std::size_t i : {2, 3}) CHECK(test.talker(i).heard == refused);
  CHECK(test.store.deleted.size() == 2);
}

// Lines announce nothing: that they are too much is seen when they are there, by whoever says more
// and at the end of the turn.
TEST_CASE("many half lines are refused, and told so, before they are too much") {
  Limited test(900);
  for (const auto& talker : test.talkers) talker->say("get k");
  test.run_for(10ms);
  std::uint64_t most = 0;
  for (const auto& talker : test.talkers) {
    talker->say(std::string(59'000, 'k'));
    test.run_for(1ms);
    most = std::max(most, test.lent());
  }
  CHECK(most > test.bytes_max());
  CHECK(most <= test.bytes_max() / 8 * 9);
  std::size_t told = 0;
  for (const auto& talker : test.talkers) {
    if (talker->heard.empty()) continue;
    CHECK(talker->heard == refused_line);
    ++told;
  }
  CHECK(told > 300);
}

}  // namespace
}  // namespace ringway::sim
