// What a full queue does not take is told at its time, in words that say so, and nobody is blamed.
// From then on its client is told at once, as long as that queue stays full; meanwhile only what
// asks for that server waits, and who waits is neither idle nor stalled.
#include <algorithm>

#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

using metrics::ServerMetric;

const std::vector<std::string> both = {"10.0.0.9:11211", "10.0.0.8:11211"};
const std::string one_at_a_time = "timeout = \"500ms\"\nserver_queue_max = 1\n";
const std::string told_full =
    "SERVER_ERROR ringway: server 10.0.0.9 (10.0.0.9:11211) of pool a has had a full queue "
    "for 500ms\r\n";

// `slow` answers one request in 240 ms, and nothing waits for `quick`. Each client is a Speaker.
struct Held : OneWorker {
  explicit Held(std::size_t count, const std::string& pool = one_at_a_time,
                const std::string& of_listener = "")
      : OneWorker(1us) {
    limits = of_listener;
    adopt_all(pool, both);
    while (speakers.size() < count) speakers.push_back(std::make_unique<Speaker>(world));
    take_clients();
    find_keys();
    slow.pace(0, 240ms);
  }
  void find_keys() {
    for (int i = 0; key_of_slow.empty() || key_of_quick.empty(); ++i) {
      const std::string key = "k" + std::to_string(i);
      speaker(0).say("get " + key + "\r\n");
      run_for(20ms);
      (slow.done.empty() ? key_of_quick : key_of_slow) = key;
      slow.done.clear();
    }
    speaker(0).heard.clear();
    quick.done.clear();
  }
  // At 0: a request that `slow` is at; at 1 ms one that waits, and is asked when that is done.
  void begin() {
    speaker(0).say(get_slow());
    run_for(1ms);
    speaker(1).say(get_slow());
    run_for(9ms);
    REQUIRE(waiting() == 1);
  }
  // At 10 ms `request` of client 2, which waits in vain: at 480 ms, too late for it, another one
  // takes its place, and is answered at 720 ms. It is 500 ms now.
  void wait_in_vain(const std::string& request) {
    begin();
    speaker(2).say(request);
    run_for(290ms);
    speaker(3).say(get_slow());
    run_for(200ms);
    REQUIRE(slow.done.size() == 2);
    REQUIRE(waiting() == 1);
  }
  std::string get_slow() const { return "get " + key_of_slow + "\r\n"; }
  std::string get_quick() const { return "get " + key_of_quick + "\r\n"; }
  Speaker& speaker(std::size_t i) { return *speakers[i]; }
  std::uint32_t waiting() { return worker->servers().waiting(server_id()); }
  std::uint64_t counted(ServerMetric metric) {
    return worker->servers().counters(server_id())[metric].value();
  }

  LanedServer slow{world, *net::Address::parse(both[0])};
  LanedServer quick{world, *net::Address::parse(both[1])};
  std::vector<std::unique_ptr<Speaker>> speakers;
  std::string key_of_slow;
  std::string key_of_quick;
};

TEST_CASE("at its time it is told that the queue was full, and nobody is blamed") {
  Held test(4, one_at_a_time + "eject.failures = 1\n");
  test.wait_in_vain(test.get_slow());
  CHECK(test.speaker(2).heard.empty());
  test.run_for(15ms);
  CHECK(test.speaker(2).heard == told_full);
  test.run_for(5s);
  for (const std::size_t i : {0, 1, 3}) CHECK(test.speaker(i).heard == "END\r\n");
  CHECK(test.counted(ServerMetric::shed) == 1);
  CHECK(test.counted(ServerMetric::failures) == 0);
  CHECK(test.counted(ServerMetric::timeouts) == 0);
  CHECK(test.shared.board.entry(test.server_id()).standing() == proxy::Standing::up);
  CHECK(test.slow.done.size() == 3);
}

TEST_CASE("without a reply it is owed: its key goes before anybody reads it") {
  Held test(4);
  test.slow.values[test.key_of_slow] = "old";
  test.wait_in_vain(silent_set(test.key_of_slow, "new") + "version\r\n");
  CHECK(test.speaker(2).heard.empty());
  CHECK(test.counted(ServerMetric::owed) == 0);
  test.run_for(15ms);
  CHECK(test.speaker(2).heard.starts_with("VERSION"));
  CHECK(test.counted(ServerMetric::owed) == 1);
  test.run_for(220ms);
  test.slow.pace(0, 1us);
  test.speaker(1).heard.clear();
  test.speaker(1).say(test.get_slow());
  test.run_for(1s);
  CHECK(test.speaker(1).heard == "END\r\n");
  CHECK(test.counted(ServerMetric::failures) == 0);
}

TEST_CASE("while the queue stays full its client is told at once, and only its client") {
  Held test(5);
  test.wait_in_vain(test.get_slow());
  test.run_for(20ms);
  test.speaker(2).heard.clear();
  SUBCASE("of what has a reply") {
    test.speaker(2).say(test.get_slow() + test.get_slow());
    test.run_for(5ms);
    CHECK(test.speaker(2).heard == told_full + told_full);
    CHECK(test.waiting() == 0);
  }
  SUBCASE("what has none is owed at once") {
    test.speaker(2).say("delete " + test.key_of_slow + " noreply\r\nversion\r\n");
    test.run_for(5ms);
    CHECK(test.speaker(2).heard.starts_with("VERSION"));
    CHECK(test.counted(ServerMetric::owed) == 1);
  }
  SUBCASE("of several keys, only those of that server") {
    test.speaker(2).say("get " + test.key_of_quick + " " + test.key_of_slow + "\r\n");
    test.run_for(5ms);
    CHECK(test.speaker(2).heard == told_full);
    CHECK(test.quick.done == std::vector{"get " + test.key_of_quick});
  }
  SUBCASE("another server's keys go on") {
    test.speaker(2).say(test.get_quick() + test.get_slow() + test.get_quick());
    test.run_for(5ms);
    CHECK(test.speaker(2).heard == "END\r\n" + told_full + "END\r\n");
  }
  SUBCASE("another client waits") {
    test.speaker(4).say(test.get_slow());
    test.run_for(5ms);
    CHECK(test.speaker(4).heard.empty());
    CHECK(test.waiting() == 1);
    test.run_for(500ms);
    CHECK(test.speaker(4).heard == "END\r\n");
  }
}

TEST_CASE("once the queue has taken something its client waits again") {
  Held test(5);
  test.wait_in_vain(test.get_slow());
  test.run_for(20ms);
  test.speaker(4).say(test.get_slow());
  test.run_for(220ms);  // It is asked at 720 ms, and answered at 960 ms.
  test.speaker(2).heard.clear();
  test.speaker(2).say(test.get_slow());
  test.run_for(5ms);
  CHECK(test.speaker(2).heard.empty());
  CHECK(test.waiting() == 1);
  test.run_for(1s);
  CHECK(test.speaker(2).heard == "END\r\n");
}

TEST_CASE("of several keys only the part for the full server waits") {
  Held test(4);
  test.slow.values[test.key_of_slow] = "s";
  test.quick.values[test.key_of_quick] = "q";
  const std::string asked = "get " + test.key_of_slow + " " + test.key_of_quick + "\r\n";
  SUBCASE("and is asked when there is room") {
    test.begin();
    test.speaker(2).say(asked);
    test.run_for(5ms);
    CHECK(test.quick.done == std::vector{"get " + test.key_of_quick});
    CHECK(test.waiting() == 2);
    test.slow.pace(0, 50ms);
    test.run_for(400ms);
    CHECK(test.speaker(2).heard == "VALUE " + test.key_of_slow + " 0 1\r\ns\r\nVALUE " +
                                       test.key_of_quick + " 0 1\r\nq\r\nEND\r\n");
  }
  SUBCASE("or is told at its time") {
    test.wait_in_vain(asked);
    CHECK(test.quick.done == std::vector{"get " + test.key_of_quick});
    test.run_for(15ms);
    CHECK(test.speaker(2).heard.ends_with(told_full));
    CHECK(test.counted(ServerMetric::failures) == 0);
    CHECK(test.counted(ServerMetric::timeouts) == 0);
  }
}

TEST_CASE("who waits holds up nobody else's keys of another server") {
  Held test(4);
  test.begin();
  test.speaker(2).say(test.get_slow() + test.get_quick());
  test.speaker(3).say(test.get_quick());
  test.run_for(5ms);
  CHECK(test.speaker(2).heard.empty());  // Its own stand behind.
  CHECK(test.speaker(3).heard == "END\r\n");
}

TEST_CASE("of one client at most 32 are woken in its turn while others wait") {
  Held test(3);
  test.slow.pace(0, 20ms);
  test.speaker(0).say(test.get_slow());
  test.run_for(1ms);
  std::string hundred;
  for (int n = 0; n < 100; ++n) hundred += test.get_slow();
  test.speaker(1).say(hundred);
  test.run_for(1ms);
  test.speaker(2).say("delete " + test.key_of_slow + "\r\n");
  test.run_for(1ms);
  REQUIRE(test.waiting() == 2);
  test.slow.pace(0, 1us);
  test.adopt_all("timeout = \"500ms\"\nserver_queue_max = 1000\n", both);
  test.run_for(1s);
  REQUIRE(test.slow.done.size() == 102);
  const auto place = std::ranges::find(test.slow.done, "delete " + test.key_of_slow);
  CHECK(place - test.slow.done.begin() == 1 + 32);
}

TEST_CASE("who waits is neither idle nor stalled") {
  Held test(3, one_at_a_time, "idle_timeout = \"100ms\"\nclient_stall_timeout = \"100ms\"\n");
  test.slow.pace(0, 220ms);
  std::string asked;
  SUBCASE("with one key") {
    asked = test.get_slow();
  }
  SUBCASE("with several") {
    asked = "get " + test.key_of_slow + " " + test.key_of_quick + "\r\n";
  }
  test.speaker(0).say(test.get_slow());
  test.run_for(1ms);
  // The rest of its value comes when it is read again.
  test.speaker(2).say(asked + "set " + test.key_of_quick + " 0 0 5\r\nab");
  test.run_for(200ms);
  CHECK(test.waiting() == 1);
  test.run_for(50ms);  // Its time has begun 30 ms ago.
  test.speaker(2).say("cde\r\n");
  test.run_for(250ms);
  CHECK(test.speaker(2).heard == "END\r\nSTORED\r\n");
  CHECK(test.shared.registry.total(metrics::WorkerMetric::clients_stalled) == 0);
}

TEST_CASE("what waits for a stand-in is one request of it, and its key is owed once") {
  Held test(2);
  const pool::ServerId home = test.server_id(1);
  test.shared.board.set_standing(home, proxy::Standing::ejected, "is dead");
  test.shared.post_all(worker::Reconsider{home});
  test.run_for(1ms);
  test.speaker(0).say(test.get_slow());
  test.run_for(1ms);
  test.speaker(1).say("set " + test.key_of_quick + " 0 0 1\r\nv\r\n");
  test.run_for(9ms);
  REQUIRE(test.waiting() == 1);
  test.run_for(600ms);
  CHECK(test.speaker(1).heard == "STORED\r\n");
  CHECK(test.counted(ServerMetric::stand_ins) == 1);
  CHECK(test.worker->servers().counters(home)[ServerMetric::owed].value() == 1);
}

}  // namespace
}  // namespace ringway::sim
