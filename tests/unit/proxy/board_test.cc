// The board: ids by identity, liveness with its version, addresses. What several
// threads make of it at once is for the simulator and the thread sanitizer.
#include "proxy/board.h"

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

TEST_CASE("a new server is live and nowhere") {
  Board board;
  const ServerId server = nth(board, 1);
  CHECK(board.live(server));
  CHECK(board.address(server).empty());
}

TEST_CASE("the version moves when a server's liveness does, and only then") {
  Board board;
  const ServerId server = nth(board, 1);
  const auto before = board.version();
  board.set_live(server, true);
  board.set_address(server, at("10.0.0.1:11211"));
  CHECK(board.version() == before);
  board.set_live(server, false);
  CHECK(board.version() != before);
}

TEST_CASE("an identity that comes again finds its server as it was left") {
  Board board;
  board.set_live(nth(board, 1), false);
  board.set_address(nth(board, 1), at("10.0.0.7:11211"));
  nth(board, 2);
  CHECK_FALSE(board.live(nth(board, 1)));
  CHECK(board.address(nth(board, 1)) == at("10.0.0.7:11211"));
}

TEST_CASE("many servers do not touch each other") {
  Board board;
  for (int i = 0; i < 1000; ++i) board.set_live(nth(board, i), i % 3 == 0);
  for (int i = 0; i < 1000; ++i) REQUIRE(board.live(nth(board, i)) == (i % 3 == 0));
}

}  // namespace
}  // namespace ringway::proxy
