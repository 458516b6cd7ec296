// At rest no server holds a value older than the last write of its key that its client was told
// had succeeded or was told nothing about: also where one connection lags behind another.
#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

using metrics::ServerMetric;

// t=0: v1 is on its way, behind reads that take 1.4 timeouts. What comes next waits for room.
struct BehindAnOlderWrite : TwoLanes {
  explicit BehindAnOlderWrite(const std::string& older = silent_set("k", "v1"),
                              const std::string& more = "")
      : TwoLanes("server_queue_max = 5\n" + more) {
    busy(4, 175ms);
    slow().say(older);
    run_for(150ms);
  }
  // What waits has been given up, and v1 is not done yet: the other client asks for the key.
  void read_it_elsewhere() {
    run_for(550ms);
    REQUIRE(laned.done.size() == 4);
    quick().say("get k\r\n");
    run_for(5s);
  }
};

TEST_CASE("what is given up unsent is deleted behind an older write of its connection") {
  BehindAnOlderWrite test;
  test.slow().say(silent_set("k", "v2"));
  test.read_it_elsewhere();
  CHECK(test.laned.done.back() == "delete k");
  CHECK_FALSE(test.has("k"));
  CHECK(test.counted(ServerMetric::owed) >= 1);
}

TEST_CASE("also behind an add, which leaves nothing older by itself") {
  BehindAnOlderWrite test("add k 0 0 2 noreply\r\nv1\r\n");
  test.slow().say("delete k noreply\r\n");
  test.read_it_elsewhere();
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("also if its client has left") {
  BehindAnOlderWrite test;
  test.slow().say(silent_set("k", "v2"));
  test.run_for(50ms);
  test.slow().leave();
  test.read_it_elsewhere();
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("one delete is enough for all that is given up behind the same write") {
  BehindAnOlderWrite test(silent_set("k", "v1"));
  for (int i = 0; i < 5; ++i) test.slow().say(silent_set("k", "v" + std::to_string(i + 2)));
  test.run_for(5s);
  CHECK_FALSE(test.has("k"));
  CHECK(std::ranges::count(test.laned.done, "delete k") <= 2);
}

TEST_CASE("when the connection of the older write ends the key is owed on the board") {
  BehindAnOlderWrite test;
  test.slow().say(silent_set("k", "v2"));
  test.run_for(520ms);  // v2 was given up, v1 is still unanswered.
  test.laned.values["k"] = "v1";
  test.laned.lose(1);
  test.run_for(5s);
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("a key with nothing before it is paid by the next who asks, on any connection") {
  BehindAnOlderWrite test(silent_set("other", "v1"));
  test.laned.values["k"] = "v1";
  test.slow().say(silent_set("k", "v2"));
  test.run_for(500ms);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  CHECK(test.quick().heard == "END\r\n");
}

TEST_CASE("what a server does of before it was out is deleted behind that") {
  TwoLanes test;
  test.busy(2, 140ms);
  test.slow().say(set("k", "v1"));
  test.run_for(10ms);
  auto& board = test.shared.board;
  board.set_standing(test.server_id(), proxy::Standing::ejected, "is dead");
  test.run_for(10ms);
  board.entry(test.server_id()).owe("k", 1000);  // A stand-in was told v2.
  board.set_standing(test.server_id(), proxy::Standing::up);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  REQUIRE(test.laned.done.back() == "get k");
  test.run_for(5s);
  CHECK(test.slow().heard.ends_with("STORED\r\n"));
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("a delete that only marks a value pays nothing: the owed one goes first") {
  TwoLanes test;
  test.laned.values["k"] = "v1";
  test.shared.board.entry(test.server_id()).owe("k", 1000);
  test.quick().say("md k I\r\n");
  test.run_for(10ms);
  CHECK(test.quick().heard == "NF\r\n");
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("nor does one that is under way when something is refused") {
  TwoLanes test;
  test.busy(2, 100ms);
  test.laned.values["k"] = "v1";
  test.laned.refuses_sets = true;
  test.slow().say(silent_set("k", "v2") + "md k I\r\n");
  test.run_for(2s);
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("where nothing is owed a late write that is lost is counted if nobody was told") {
  for (const bool told : {false, true}) {
    CAPTURE(told);
    TwoLanes test("eject.on_readmit = \"keep\"");
    test.busy(4, 200ms);
    test.slow().say(told ? set("k", "v1") : silent_set("k", "v1"));
    test.run_for(600ms);
    CHECK(test.counted(ServerMetric::lost_silently) == 0);
    if (told) test.slow().leave();
    test.run_for(1ms);
    test.laned.lose(1);
    test.run_for(100ms);
    CHECK(test.counted(ServerMetric::lost_silently) == (told ? 0 : 1));
  }
}

TEST_CASE("a flush_all that nobody is told of is counted as lost once") {
  const std::string allowed = "flush_all = \"allowed\"\nserver_queue_max = 5\n";
  SUBCASE("when it is late") {
    TwoLanes test(allowed);
    test.busy(4, 200ms);
    test.slow().say("flush_all noreply\r\n");
    test.run_for(2s);
    CHECK(test.counted(ServerMetric::lost_silently) == 1);
  }
  SUBCASE("when its client has left, and it is late") {
    TwoLanes test(allowed);
    test.busy(4, 200ms);
    test.slow().say("flush_all\r\n");
    test.run_for(50ms);
    test.slow().leave();
    test.run_for(600ms);
    test.laned.lose(1);
    test.run_for(1s);
    CHECK(test.counted(ServerMetric::lost_silently) == 1);
  }
  SUBCASE("when its connection ends") {
    TwoLanes test(allowed);
    test.busy(2, 200ms);
    test.slow().say("flush_all noreply\r\n");
    test.run_for(50ms);
    test.laned.lose(1);
    test.run_for(1s);
    CHECK(test.counted(ServerMetric::lost_silently) == 1);
  }
  SUBCASE("when it waits for room, and its client leaves") {
    TwoLanes test(allowed);
    test.busy(5, 100ms);
    test.slow().say("flush_all\r\n");
    test.run_for(50ms);
    test.slow().leave();
    test.run_for(2s);
    CHECK(test.counted(ServerMetric::lost_silently) == 1);
  }
  SUBCASE("but not when somebody is") {
    TwoLanes test(allowed);
    test.busy(4, 200ms);
    test.slow().say("flush_all\r\n");
    test.run_for(2s);
    CHECK(test.counted(ServerMetric::lost_silently) == 0);
  }
}

TEST_CASE("a debt that a refused write was to pay is counted once") {
  TwoLanes test;
  test.laned.values["k"] = "v1";
  test.laned.refuses_sets = true;
  test.shared.board.entry(test.server_id()).owe("k", 1000);
  test.quick().say(set("k", "v2"));
  test.run_for(10ms);
  CHECK_FALSE(test.has("k"));
  CHECK(test.counted(ServerMetric::owed) == 0);  // That was whoever put it on the board.
}

bool awaits(const TwoLanes& test) {
  return test.shared.reports[0]->awaiting;
}

TEST_CASE("at the end what is owed to a server that is up is delivered at once") {
  TwoLanes test;
  test.laned.values["k"] = "v1";
  test.shared.board.entry(test.server_id()).owe("k", 1000);
  test.shared.post_all(worker::Drain{});
  test.run_for(20ms);
  CHECK_FALSE(test.has("k"));
  CHECK_FALSE(awaits(test));
}

TEST_CASE("what becomes owed while it ends, too") {
  TwoLanes test;
  test.shared.post_all(worker::Drain{});
  test.run_for(20ms);
  test.laned.values["k"] = "v1";
  if (test.shared.board.entry(test.server_id()).owe("k", 1000))
    test.shared.homes.ask(0, test.server_id());
  test.run_for(20ms);
  CHECK_FALSE(test.has("k"));
  CHECK_FALSE(awaits(test));
}

TEST_CASE("the end waits for the late reply that settles what a connection owes") {
  TwoLanes test;
  test.busy(4, 200ms);
  test.laned.refuses_sets = true;
  test.laned.values["k"] = "v1";
  test.slow().say(silent_set("k", "v2"));
  test.run_for(600ms);
  test.shared.post_all(worker::Drain{});
  test.run_for(100ms);
  CHECK(awaits(test));
  test.run_for(1s);
  CHECK_FALSE(awaits(test));
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("the end does not wait for what a server that is out is owed, nor for late reads") {
  TwoLanes test;
  test.busy(4, 200ms);
  test.run_for(600ms);
  test.shared.board.set_standing(test.server_id(), proxy::Standing::ejected, "is dead");
  test.shared.board.entry(test.server_id()).owe("k", 1000);
  test.shared.post_all(worker::Drain{});
  test.run_for(20ms);
  CHECK_FALSE(awaits(test));
}

TEST_CASE("an owed delete that is not answered goes back on the board") {
  TwoLanes test;
  test.laned.values["k"] = "v1";
  test.laned.pace(0, std::chrono::hours(1));
  test.run_for(10s);
  test.shared.board.entry(test.server_id()).owe("k", 1000);
  test.shared.homes.ask(0, test.server_id());
  test.run_for(5s);
  CHECK_FALSE(test.has("k"));  // By another connection.
}

// What a ringway cannot do now it may do later.
struct BehindARingway : TwoLanes {
  BehindARingway() {
    laned.values["k"] = "v1";
    laned.unable = true;
  }
  proxy::BoardEntry& entry() { return shared.board.entry(server_id()); }
  void ask_by_hand(std::optional<config::ServerState> state) {
    shared.board.set_hand_state(server_id(), state, world.now());
    shared.homes.ask(0, server_id());
    run_for(10ms);
  }
  auto deletes() const { return std::ranges::count(laned.done, "delete k"); }
  void check_that_it_is_paid_at_last() {
    CHECK(entry().owed().dropped == 0);
    CHECK(has("k"));
    laned.unable = false;
    run_for(3s);
    CHECK_FALSE(has("k"));
    CHECK(entry().owed().keys == 0);
  }
};

TEST_CASE("what a ringway cannot do now stays owed to it, and is asked again now and then") {
  BehindARingway test;
  test.entry().owe("k", 1000);
  test.shared.homes.ask(0, test.server_id());
  test.run_for(10s);
  CHECK(test.deletes() >= 2);
  CHECK(test.deletes() <= 11);
  test.check_that_it_is_paid_at_last();
}

TEST_CASE("also where a request for its key was to pay it") {
  BehindARingway test;
  test.entry().owe("k", 1000);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  CHECK(test.quick().heard.starts_with("SERVER_ERROR"));
  CHECK(test.deletes() == 1);
  test.check_that_it_is_paid_at_last();
}

TEST_CASE("but a ringway that is to come back does not stay out for what it cannot do") {
  BehindARingway test;
  test.ask_by_hand(config::ServerState::maintenance);
  test.entry().owe("k", 1000);
  test.ask_by_hand(std::nullopt);
  test.run_for(5s);
  CHECK(test.entry().standing() == proxy::Standing::up);
  CHECK(test.entry().owed().dropped == 1);
}

// On the second connection v1 is not sent yet. Behind it goes the delete of k, whose next value is
// too large and whose queue is full.
TEST_CASE("a delete that is lost with its connection goes behind what is asked anew") {
  TwoLanes test("server_queue_max = 5\n");
  while (test.speakers.size() < 4) {
    test.speakers.push_back(std::make_unique<Speaker>(test.world));
    test.let_in();
  }
  Speaker& second = *test.speakers[3];
  test.laned.ignore(1);
  for (int i = 0; i < 4; ++i) test.slow().say(silent_set("large", std::string(900'000, 'v')));
  test.run_for(10ms);
  test.slow().say(set("k", "v1"));
  test.run_for(10ms);
  second.say("set k 0 0 2000000 noreply\r\n");
  test.run_for(10ms);
  REQUIRE(test.counted(ServerMetric::owed) == 1);
  test.laned.pace_of_new_ones = 100ms;
  test.laned.lose(1);
  test.run_for(20ms);
  test.quick().say("get k\r\n");
  test.run_for(1s);
  CHECK(test.slow().heard == "STORED\r\n");
  CHECK_FALSE(test.has("k"));
}

TEST_CASE("what is delivered at the end is no proof that a check was answered") {
  TwoLanes test;
  proxy::BoardEntry& entry = test.shared.board.entry(test.server_id());
  test.laned.pace(0, std::chrono::hours(1));
  test.run_for(proxy::BoardEntry::doubt_again);
  test.quick().say("get k\r\n");
  test.run_for(10ms);
  config::Eject rule;
  rule.failures = 1;
  REQUIRE(entry.report_unable(test.world.now(), test.world.now(), rule));
  test.shared.homes.ask(0, test.server_id());
  test.run_for(10ms);
  REQUIRE(entry.in_doubt());
  entry.owe("k", 1000);
  test.shared.post_all(worker::Drain{});
  test.run_for(20ms);
  CHECK(entry.in_doubt());
}

TEST_CASE("at the end a ringway is not asked in each turn for what it cannot do") {
  BehindARingway test;
  test.entry().owe("k", 1000);
  test.shared.post_all(worker::Drain{});
  test.run_for(1s);
  CHECK(test.deletes() >= 2);
  CHECK(test.deletes() <= 110);
  test.laned.unable = false;
  test.run_for(30ms);
  CHECK_FALSE(test.has("k"));
  CHECK_FALSE(awaits(test));
}

}  // namespace
}  // namespace ringway::sim
