// What a request without a reply leaves behind when it is late: its own late reply settles it, or
// the delete goes behind it on its connection. And a stand-in that is up is owed as a home is.
#include <algorithm>

#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

using metrics::ServerMetric;

// v2 is on its way behind reads that take 800 ms, and its time is over after 500 ms.
struct Late : TwoLanes {
  Late() {
    laned.values["k"] = "v1";
    busy(4, 200ms);
    slow().say(silent_set("k", "v2"));
    run_for(600ms);
    REQUIRE(laned.done.size() < 4);
    REQUIRE(counted(ServerMetric::timeouts) > 0);
  }
  std::uint64_t on_board() const { return shared.board.entry(server_id()).owed().keys; }
};

TEST_CASE("a late reply that says that it was done settles what is owed for it") {
  Late test;
  test.run_for(5s);
  CHECK(test.laned.values["k"] == "v2");
  CHECK(std::ranges::count(test.laned.done, "delete k") == 0);
  CHECK(test.counted(ServerMetric::owed) == 0);
  CHECK(test.counted(ServerMetric::owed_delivered) == 0);
}

TEST_CASE("while it is unanswered the debt is its connection's, and no other one pays") {
  Late test;
  CHECK(test.on_board() == 0);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  CHECK(test.quick().heard == "VALUE k 0 2\r\nv1\r\nEND\r\n");
  CHECK(std::ranges::count(test.laned.done, "delete k") == 0);
}

TEST_CASE("where its late reply is an error the delete goes behind it on that connection") {
  Late test;
  test.laned.refuses_sets = true;
  test.run_for(5s);
  REQUIRE(test.laned.done.size() == 6);
  CHECK(test.laned.done[4].starts_with("set k"));
  CHECK(test.laned.done[5] == "delete k");
  CHECK_FALSE(test.has("k"));
  CHECK(test.counted(ServerMetric::owed_delivered) == 1);
}

TEST_CASE("when its connection ends first the next request for its key pays") {
  Late test;
  test.laned.lose(1);
  test.run_for(1ms);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  CHECK(test.quick().heard == "END\r\n");
  CHECK(test.counted(ServerMetric::owed) == 1);
}

// --- Stand-ins ----------------------------------------------------------------------------

// `stand_in` has the keys of the home, which is out.
struct WithStandIn : OneWorker {
  explicit WithStandIn(bool with_binary_key = false) : OneWorker(1us), binary(with_binary_key) {
    adopt_all("timeout = \"500ms\"\neject.failures = 1000\n", {"10.0.0.9:11211", "10.0.0.8:11211"});
    take_clients();
    find_key();
    shared.board.set_standing(server_id(0), proxy::Standing::ejected, "is dead");
    shared.post_all(worker::Reconsider{server_id(0)});
    speaker.say(read() + "\r\n");
    run_for(10ms);
    REQUIRE(stand_in.done == std::vector{read()});
    speaker.heard.clear();
    stand_in.done.clear();
  }
  void find_key() {
    for (int i = 0; home.done.empty(); ++i) {
      key = binary ? std::string("AAA") + static_cast<char>('A' + i) : "k" + std::to_string(i);
      speaker.say(read() + "\r\n");
      run_for(10ms);
    }
    stand_in.done.clear();
  }
  std::string read() const { return binary ? "mg " + key + " b v" : "get " + key; }
  std::uint64_t counted(ServerMetric metric) {
    return worker->servers().counters(server_id(1))[metric].value();
  }

  const bool binary;

  LanedServer home{world, *net::Address::parse("10.0.0.9:11211")};
  LanedServer stand_in{world, *net::Address::parse("10.0.0.8:11211")};
  Speaker speaker{world};
  std::string key;
};

TEST_CASE("a stand-in that is up is owed what is given up on its way there") {
  for (const bool deletes : {false, true}) {
    CAPTURE(deletes);
    WithStandIn test;
    test.stand_in.values[test.key] = "old";
    test.stand_in.pace(0, std::chrono::hours(1));
    test.speaker.say(deletes ? "delete " + test.key + " noreply\r\n" : silent_set(test.key, "new"));
    test.run_for(200ms);
    test.stand_in.lose(0);
    test.run_for(1ms);
    CHECK(test.counted(ServerMetric::owed) == 1);
    test.run_for(200ms);
    test.speaker.say("get " + test.key + "\r\n");
    test.run_for(1s);
    CHECK(test.speaker.heard == "END\r\n");
    CHECK(test.stand_in.done.front() == "delete " + test.key);
    CHECK(test.counted(ServerMetric::owed_delivered) == 1);
  }
}

// Both are written anew: the delete's key from its bytes, the flags with a shorter time.
TEST_CASE("a delete that is owed of a binary key leaves the flags of the request behind it alone") {
  WithStandIn test(true);
  test.stand_in.pace(0, std::chrono::hours(1));
  test.speaker.say("md " + test.key + " b q\r\n");
  test.run_for(200ms);
  test.stand_in.lose(0);
  test.run_for(200ms);
  REQUIRE(test.counted(ServerMetric::owed) == 1);
  test.speaker.say("mg " + test.key + " b v T900\r\n");
  test.run_for(100ms);
  CHECK(test.stand_in.done == std::vector{"md " + test.key + " b", "mg " + test.key + " b v T300"});
}

}  // namespace
}  // namespace ringway::sim
