// The board: ids by identity, standings with their version, addresses, failures, what is owed. What
// several threads make of it at once is for the simulator and the thread sanitizer.
#include "board/board.h"

#include <doctest/doctest.h>
#include <string>

namespace ringway::proxy {
namespace {

using pool::ServerId;

net::Address at(const std::string& text) {
  return *net::Address::parse(text);
}

// The nth server of a pool, each at an address of its own.
ServerId nth(Board& board, int n) {
  return board.id_of({"web", "10.0.0.1:" + std::to_string(n), ""});
}

TEST_CASE("the same identity keeps its id, any other gets one of its own") {
  Board board;
  const ServerId first = board.id_of({"web", "10.0.0.1:11211", ""});
  CHECK(board.id_of({"web", "10.0.0.1:11211", ""}) == first);
  CHECK(board.id_of({"web", "10.0.0.2:11211", ""}) != first);
  CHECK(board.id_of({"sessions", "10.0.0.1:11211", ""}) != first);
  CHECK(board.id_of({"web", "10.0.0.1:11211", "other name"}) != first);
}

TEST_CASE("ids count up without gaps, so that they can be places in a vector") {
  Board board;
  for (int i = 0; i < 1000; ++i) REQUIRE(pool::index_of(nth(board, i)) == i);
}

TEST_CASE("a new server is up and nowhere") {
  Board board;
  const ServerId server = nth(board, 1);
  CHECK(board.standing(server) == Standing::up);
  CHECK(board.address(server).empty());
}

TEST_CASE("the version moves when a server's standing does, and only then") {
  Board board;
  const ServerId server = nth(board, 1);
  const auto before = board.version();
  board.set_standing(server, Standing::up);
  board.set_address(server, at("10.0.0.1:11211"));
  CHECK(board.version() == before);
  board.set_standing(server, Standing::ejected, "refused the connection");
  CHECK(board.cause(server) == "refused the connection");
  CHECK(board.version() != before);
}

TEST_CASE("an identity that comes again finds its server as it was left") {
  Board board;
  board.set_standing(nth(board, 1), Standing::held);
  board.set_address(nth(board, 1), at("10.0.0.7:11211"));
  nth(board, 2);
  CHECK(board.standing(nth(board, 1)) == Standing::held);
  CHECK(board.address(nth(board, 1)) == at("10.0.0.7:11211"));
}

TEST_CASE("of requests lost without a reply two lines are asked for in a minute, all are counted") {
  using namespace std::chrono_literals;
  Board board;
  BoardEntry& entry = board.entry(nth(board, 1));
  int allowed = 0;
  int held = 0;
  const auto lose = [&](Instant now) {
    const auto verdict = entry.ask_to_say_lost(now);
    if (verdict) ++(verdict->allowed ? allowed : held);
  };
  for (auto t = 0ms; t < 60s; t += 100ms) lose(Instant{1000s + t});
  CHECK(allowed == 1);
  CHECK(held == 1);
  for (int i = 0; i < 1000; ++i) lose(Instant{1060s});
  CHECK(allowed == 1);
  CHECK(held == 2);
  CHECK(*entry.lost() == 1600);
  for (int i = 0; i < 3; ++i) CHECK(entry.ask_to_say(Instant{1060s}).allowed);
}

TEST_CASE("many servers do not touch each other") {
  Board board;
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 == 0) board.set_standing(nth(board, i), Standing::ejected);
  }
  for (int i = 0; i < 1000; ++i) {
    REQUIRE((board.standing(nth(board, i)) == Standing::ejected) == (i % 3 == 0));
  }
}

TEST_CASE("what is asked by hand wins over the file, until it is set back") {
  using config::ServerState;
  Board board;
  const ServerId server = nth(board, 1);
  board.set_file_state(server, ServerState::drain);
  CHECK(board.asked(server) == ServerState::drain);
  board.set_hand_state(server, ServerState::up, Instant{Duration(7)});
  CHECK(board.asked(server) == ServerState::up);
  CHECK(board.hand_state_since(server) == Instant{Duration(7)});
  board.set_hand_state(server, std::nullopt, Instant{Duration(9)});
  CHECK(board.asked(server) == ServerState::drain);
}

// --- Failures ---

struct Case {
  bool fails(int begun_ms, int now_ms) {
    return entry.report_failure(at_ms(begun_ms), at_ms(now_ms), rule, "timed out");
  }
  static Instant at_ms(int ms) { return Instant{std::chrono::milliseconds(ms)}; }
  Board board;
  BoardEntry& entry = board.entry(nth(board, 1));
  config::Eject rule;  // 3 within 10 s.
};

TEST_CASE("the third failure in a row is one too many") {
  Case server;
  CHECK_FALSE(server.fails(0, 100));
  CHECK_FALSE(server.fails(100, 200));
  CHECK(server.fails(200, 300));
  CHECK(server.entry.too_many_failures());
}

TEST_CASE("what happens together counts once") {
  Case server;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(server.fails(50, 100));
  CHECK_FALSE(server.fails(100, 200));
  CHECK(server.fails(200, 300));
}

TEST_CASE("a success ends the row") {
  Case server;
  server.fails(0, 100);
  server.fails(100, 200);
  server.entry.report_success(Case::at_ms(250));
  CHECK_FALSE(server.fails(260, 300));
  CHECK_FALSE(server.entry.too_many_failures());
}

TEST_CASE("what fails at the same moment counts once, even where one of them still delivered") {
  Case server;
  server.fails(0, 100);
  server.entry.report_success(Case::at_ms(100));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(server.fails(100, 100));
  CHECK_FALSE(server.fails(101, 126));
  CHECK_FALSE(server.fails(126, 152));
  CHECK(server.fails(152, 178));
}

TEST_CASE(
    "that it refuses all workers at once, a moment after it ended their connections, is one") {
  Case server;
  server.fails(0, 100);
  for (int worker = 0; worker < 16; ++worker) CHECK_FALSE(server.fails(100 + worker, 101 + worker));
  CHECK_FALSE(server.fails(150, 150));
  CHECK(server.fails(250, 250));
}

TEST_CASE("failures longer ago than the window are forgotten") {
  Case server;
  server.fails(0, 100);
  server.fails(100, 200);
  CHECK_FALSE(server.fails(10'200, 10'201));
  CHECK_FALSE(server.fails(10'201, 10'302));
  CHECK(server.fails(10'302, 10'403));
}

TEST_CASE("what failed is not owed any more once the server has answered") {
  Case server;
  server.entry.owe_if_ejected("k", 1 << 20);
  server.entry.report_success(Case::at_ms(1000));
  server.entry.confirm_owed(1 << 20);
  CHECK(server.entry.owed().keys == 0);
}

TEST_CASE("one limit for what is owed and what may be") {
  Case server;
  const std::string key(100, 'k');
  for (int i = 0; i < 100; ++i) server.entry.owe(key + std::to_string(i), 10'000);
  for (int i = 0; i < 100; ++i) server.entry.owe_if_ejected("d" + key + std::to_string(i), 10'000);
  server.entry.confirm_owed(10'000);
  CHECK(server.entry.owed().bytes <= 10'000);
  CHECK(server.entry.owed().dropped > 100);
}

TEST_CASE("failures = 0 never ejects") {
  Case server;
  server.rule.failures = 0;
  for (int i = 1; i < 100; ++i) CHECK_FALSE(server.fails(i * 100, i * 100 + 1));
}

// --- Alive and not able ---

struct Doubted : Case {
  bool unable(int begun_ms, int now_ms) {
    return entry.report_unable(at_ms(begun_ms), at_ms(now_ms), rule);
  }
  // Three in a row, the last one at `now_ms`.
  void put_in_doubt(int now_ms) {
    unable(now_ms - 3, now_ms - 2);
    unable(now_ms - 2, now_ms - 1);
    REQUIRE(unable(now_ms - 1, now_ms));
  }
};

TEST_CASE("the third reply in a row that says that a server cannot puts it in doubt") {
  Doubted server;
  CHECK_FALSE(server.unable(0, 100));
  CHECK_FALSE(server.unable(100, 200));
  CHECK_FALSE(server.entry.in_doubt());
  CHECK(server.unable(200, 300));
  CHECK(server.entry.in_doubt());
  CHECK_FALSE(server.entry.too_many_failures());
}

TEST_CASE("of many such replies one alone calls for the home worker") {
  Doubted server;
  server.put_in_doubt(300);
  for (int i = 0; i < 10; ++i) CHECK_FALSE(server.unable(300 + i, 301 + i));
}

TEST_CASE("replies of one moment say it once") {
  Doubted server;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(server.unable(0, 100));
}

TEST_CASE("one good reply, of whichever worker, ends the doubt") {
  Doubted server;
  server.unable(0, 100);
  server.unable(100, 200);
  server.entry.report_success(Case::at_ms(250));
  CHECK_FALSE(server.unable(260, 300));
  server.unable(300, 310);
  CHECK(server.unable(310, 320));
  server.entry.report_success(Case::at_ms(330));
  CHECK_FALSE(server.entry.in_doubt());
}

TEST_CASE("one that proves to be able is not doubted again at once") {
  Doubted server;
  server.put_in_doubt(1000);
  server.entry.end_doubt(Case::at_ms(1001));
  CHECK_FALSE(server.entry.in_doubt());
  const int again = 1001 + static_cast<int>(to_ms(BoardEntry::doubt_again));
  for (int at = 1002; at < again; ++at) CHECK_FALSE(server.unable(at - 1, at));
  server.put_in_doubt(again + 3);
}

TEST_CASE("such replies do not end a row of failures, nor are they part of it") {
  Doubted server;
  server.fails(0, 100);
  server.unable(100, 150);
  CHECK_FALSE(server.fails(150, 200));
  server.unable(200, 250);
  CHECK(server.fails(250, 300));
  CHECK_FALSE(server.entry.in_doubt());
}

TEST_CASE("failures = 0 doubts nobody") {
  Doubted server;
  server.rule.failures = 0;
  for (int i = 1; i < 100; ++i) CHECK_FALSE(server.unable(i * 100, i * 100 + 1));
}

// --- What is owed ---

TEST_CASE("a key is owed once, and a server that is up by now wants to hear of it") {
  Case server;
  CHECK(server.entry.owe("a", 1000));
  server.board.set_standing(nth(server.board, 1), Standing::ejected);
  CHECK_FALSE(server.entry.owe("a", 1000));
  CHECK_FALSE(server.entry.owe("b", 1000));
  CHECK(server.entry.take_owed(9) == std::vector<std::string>{"a", "b"});
  CHECK(server.entry.take_owed(9).empty());
}

TEST_CASE("what is owed since a moment ago can be left to whoever asks for it next") {
  Case server;
  const auto at = [](int ms) { return Instant(std::chrono::milliseconds(ms)); };
  server.entry.owe("a", 1000, at(10));
  server.entry.owe("b", 1000, at(20));
  server.entry.owe_again({"c"}, 1000, at(30));
  server.entry.owe("a", 1000, at(40));
  CHECK(server.entry.take_owed(9, at(9)).empty());
  CHECK(server.entry.take_owed(9, at(20)) == std::vector<std::string>{"a", "b"});
  CHECK(server.entry.owes());
  CHECK(server.entry.take_owed(9) == std::vector<std::string>{"c"});
}

TEST_CASE("whoever pays what is owed of a key finds it owed no more") {
  Case server;
  CHECK_FALSE(server.entry.owes());
  server.entry.owe("a", 1000);
  server.entry.owe("b", 1000);
  CHECK(server.entry.owed().live_keys == 2);
  CHECK(server.entry.pay_owed("a"));
  CHECK_FALSE(server.entry.pay_owed("a"));
  CHECK(server.entry.owes());
  CHECK(server.entry.pay_owed("b"));
  CHECK_FALSE(server.entry.owes());
}

TEST_CASE("only the first key that is owed to a server that is up calls for it") {
  Case server;
  CHECK(server.entry.owe("a", 1000));
  CHECK_FALSE(server.entry.owe("b", 1000));
  server.entry.take_owed(9);
  CHECK(server.entry.owe("c", 1000));
}

TEST_CASE("what failed on the way to an ejection is owed with it") {
  Case server;
  server.entry.owe_if_ejected("a", 1000);
  CHECK(server.entry.owed().keys == 0);
  server.entry.confirm_owed(1000);
  CHECK(server.entry.owed().keys == 1);
}

TEST_CASE("what failed before a success is not owed: its client was told, the server was there") {
  Case server;
  server.fails(0, 1);
  server.entry.owe_if_ejected("a", 1000);
  server.entry.report_success(Case::at_ms(500));
  server.entry.confirm_owed(1000);
  CHECK(server.entry.owed().keys == 0);
}

TEST_CASE("beyond the limit the oldest owed keys are dropped and counted") {
  Owed owed;
  const std::uint64_t room = 3 * (Owed::key_overhead_bytes + 1);
  for (const char* key : {"a", "b", "c", "d", "e"}) owed.add(key, room);
  CHECK(owed.dropped() == 2);
  CHECK(owed.bytes() == room);
  CHECK(owed.take(9) == std::vector<std::string>{"c", "d", "e"});
  CHECK(owed.bytes() == 0);
}

TEST_CASE("an owed key that is paid leaves the others in their order") {
  Owed owed;
  for (const char* key : {"a", "b", "c"}) owed.add(key, 1 << 20);
  CHECK(owed.remove("b"));
  CHECK_FALSE(owed.remove("b"));
  owed.add("b", 1 << 20);
  CHECK(owed.take(9) == std::vector<std::string>{"a", "c", "b"});
  CHECK(owed.bytes() == 0);
}

}  // namespace
}  // namespace ringway::proxy
