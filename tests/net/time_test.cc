// Every Io: deadlines, wakes, the clock, and what wait() says about itself.
#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

// A busy machine wakes us late; nothing may wake us early.
constexpr Duration late_max = 300ms;

TEST_CASE_FIXTURE(Scene, "a wait ends at its deadline") {
  for (const Duration time : {Duration(300us), Duration(2ms), Duration(30ms)}) {
    const Instant start = io().now();
    CHECK(io().wait(start + time, {}).empty());
    CHECK(io().now() >= start + time);
    CHECK(io().now() < start + time + late_max);
  }
}

TEST_CASE_FIXTURE(Scene, "a wait for a deadline that has passed still does its work") {
  const Connection connection = connected();
  const Number sending = send(connection.fd, "now");
  for (int i = 0; i < 100 && !story(sending).over; ++i) turn(Duration::zero());
  CHECK(story(sending).over);
}

TEST_CASE_FIXTURE(Scene, "the clock stands still within a turn") {
  const Instant before = io().now();
  io().random();
  CHECK(io().now() == before);
  turn(2ms);
  CHECK(io().now() > before);
}

TEST_CASE_FIXTURE(Scene, "a wake from elsewhere ends a wait long before its deadline") {
  turn();
  const Instant start = io().now();
  world().wake_after(5ms);
  CHECK(io().wait(start + 10s, {}).empty());
  CHECK(io().now() < start + 5s);
}

TEST_CASE_FIXTURE(Scene, "a wake while awake ends the next wait") {
  turn();
  io().wake();
  io().wake();
  const Instant start = io().now();
  io().wait(start + 10s, {});
  CHECK(io().now() < start + 5s);
}

TEST_CASE_FIXTURE(Scene, "no wake is ever lost") {
  for (int i = 0; i < 100; ++i) {
    turn(Duration::zero());
    const Instant start = io().now();
    if (i % 10 == 0) {
      world().wake_after(Duration(1ms));
    } else {
      io().wake();
    }
    io().wait(start + 10s, {});
    REQUIRE(io().now() < start + 5s);
  }
}

TEST_CASE_FIXTURE(Scene, "after a wake was noticed a wait sleeps again") {
  io().wake();
  pass(5ms);
  const Instant start = io().now();
  CHECK(io().wait(start + 10ms, {}).empty());
  CHECK(io().now() >= start + 10ms);
}

TEST_CASE_FIXTURE(Scene, "with many replies expected a single one still comes through") {
  const Connection connection = connected();
  const Number receiving = recv(connection.fd);
  turn();
  world().peer_write(connection.peer, "one of many");
  const Instant start = io().now();
  std::size_t bytes = 0;
  while (bytes == 0 && io().now() < start + 5s) {
    for (const Completion& done : io().wait(start + 10s, {.in_flight = 1000}))
      bytes += done.bytes.size();
  }
  CHECK(bytes > 0);
  CHECK(io().now() < start + 5s);
  CHECK_FALSE(story(receiving).over);
}

TEST_CASE_FIXTURE(Scene, "with many replies expected a deadline is still kept") {
  const Instant start = io().now();
  CHECK(io().wait(start + 20ms, {.in_flight = 1000}).empty());
  CHECK(io().now() >= start + 20ms);
  CHECK(io().now() < start + 20ms + late_max);
}

TEST_CASE_FIXTURE(Scene, "a quiet Io is drained") {
  turn(2ms);
  CHECK(io().drained());
}

TEST_CASE_FIXTURE(Scene, "an Io is drained only when it has told all that was ready") {
  const Listener listener = world().listen(Transport::tcp4);
  const Number accepting = accept(listener.fd);
  constexpr std::size_t count = 400;
  std::vector<PeerId> peers;
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back(world().connect_peer(listener.address));
    if (i % 50 == 49) REQUIRE(until([&] { return story(accepting).accepted.size() == i + 1; }));
  }
  std::vector<Number> numbers;
  for (const int fd : story(accepting).accepted) numbers.push_back(recv(fd));
  pass(5ms);
  for (const PeerId peer : peers) CHECK(world().peer_write(peer, "x") == 1);
  std::size_t told = turn(10ms);
  CHECK(told < count);
  for (int i = 0; i < 100 && !io().drained(); ++i) told += turn(Duration::zero());
  CHECK(io().drained());
  CHECK(told == count);
}

TEST_CASE_FIXTURE(Scene, "chance differs from call to call") {
  CHECK(io().random() != io().random());
}

}  // namespace ringway::net::testing
