// Every Io: back-pressure, and receive buffers that run out.
#include <cerrno>
#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

constexpr BufferSettings four_buffers{.size_bytes = 1024, .count_max = 4};

struct ScarceScene : Scene {
  ScarceScene()
      : Scene(IoSettings{
            .client_buffers = four_buffers, .server_buffers = four_buffers, .arena_bytes = 4096}) {}

  struct Bulk {
    Connection connection;
    Number receiving;
    std::string text;
    std::size_t said = 0;
  };

  std::vector<Bulk> bulk_senders(std::size_t count, std::size_t bytes) {
    std::vector<Bulk> bulk;
    for (std::size_t i = 0; i < count; ++i) {
      const Connection connection = accepted();
      const Buffers buffers = i % 2 == 0 ? Buffers::client : Buffers::server;
      bulk.push_back({.connection = connection,
                      .receiving = recv(connection.fd, buffers),
                      .text = pattern(bytes, i * 1000)});
    }
    return bulk;
  }

  void speak(std::vector<Bulk>& bulk) {
    for (Bulk& one : bulk) {
      one.said += world().peer_write(one.connection.peer, Bytes(one.text).substr(one.said));
    }
  }
};

TEST_CASE_FIXTURE(Scene, "a paused receive brings nothing and a resumed one brings everything") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  peer_says(connection.peer, "before ");
  REQUIRE(heard(receiving, 7));
  io().pause(connection.fd);
  pass(5ms);
  peer_says(connection.peer, "during ");
  pass(20ms);
  CHECK(story(receiving).bytes == "before ");
  io().resume(connection.fd);
  REQUIRE(heard(receiving, 14));
  peer_says(connection.peer, "after");
  REQUIRE(heard(receiving, 19));
  CHECK(story(receiving).bytes == "before during after");
}

TEST_CASE_FIXTURE(Scene, "what has arrived is unread until it is told") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  pass(5ms);
  CHECK(!io().unread(connection.fd));
  io().pause(connection.fd);
  pass(5ms);
  peer_says(connection.peer, "one");
  REQUIRE(until([&] { return io().unread(connection.fd) || !story(receiving).bytes.empty(); }));
  io().resume(connection.fd);
  REQUIRE(heard(receiving, 3));
  pass(5ms);
  CHECK(!io().unread(connection.fd));
}

TEST_CASE_FIXTURE(Scene, "giving memory back in a rush loses no byte of what arrives meanwhile") {
  std::vector<Connection> connections;
  std::vector<Number> receiving;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(accepted());
    receiving.push_back(recv(connections.back().fd, i % 2 ? Buffers::server : Buffers::client));
  }
  const std::string text = pattern(400'000);
  for (std::size_t said = 0; said < text.size(); said += 8000) {
    for (const Connection& connection : connections) {
      peer_says(connection.peer, Bytes(text).substr(said, 8000));
    }
    io().trim();
    turn();
    io().trim();
  }
  for (const Number number : receiving) {
    REQUIRE(heard(number, text.size()));
    CHECK(story(number).bytes == text);
  }
}

TEST_CASE_FIXTURE(Scene, "pausing and resuming in a rush loses no byte and keeps the order") {
  for (const Transport transport : {Transport::tcp4, Transport::unix_stream}) {
    const Connection connection = accepted(transport);
    const Number receiving = recv(connection.fd);
    const std::string text = pattern(2 * 1024 * 1024);
    std::size_t said = 0;
    for (int step = 0; story(receiving).bytes.size() < text.size(); ++step) {
      REQUIRE(step < 20'000);
      said += world().peer_write(connection.peer, Bytes(text).substr(said, 30'000));
      if (step % 4 == 0) io().pause(connection.fd);
      if (step % 4 == 2) io().resume(connection.fd);
      if (step % 7 == 0) {
        io().pause(connection.fd);
        io().resume(connection.fd);
      }
      turn(step % 4 == 3 ? Duration(1ms) : Duration::zero());
    }
    CHECK((story(receiving).bytes == text));
  }
}

// Small buffers, so that the kernel is in the middle of the flood when we speak up.
struct FloodScene : Scene {
  FloodScene()
      : Scene(IoSettings{.client_buffers = {.size_bytes = 1024, .count_max = 512},
                         .arena_bytes = 32 * 1024}) {}
};

TEST_CASE_FIXTURE(FloodScene, "a pause takes effect in the middle of a flood") {
  for (const bool at_once : {true, false}) {
    const Connection connection = accepted();
    const std::string text = pattern(1024 * 1024);
    std::size_t said = 0;
    REQUIRE(until([&] {
      said += world().peer_write(connection.peer, Bytes(text).substr(said));
      return said >= 500'000;
    }));
    const Number receiving = recv(connection.fd);
    if (!at_once) turn(Duration::zero());
    io().pause(connection.fd);
    pass(2ms);
    const std::size_t before = story(receiving).bytes.size();
    CHECK(before < said);
    pass(20ms);
    CHECK(story(receiving).bytes.size() == before);
    io().resume(connection.fd);
    peer_says(connection.peer, Bytes(text).substr(said));
    CHECK(heard(receiving, text.size()));
    CHECK((story(receiving).bytes == text));
  }
}

TEST_CASE_FIXTURE(FloodScene, "a cancel takes effect in the middle of a flood") {
  for (const bool at_once : {true, false}) {
    const Connection connection = accepted();
    world().peer_write(connection.peer, pattern(1024 * 1024));
    pass(5ms);
    const Number receiving = recv(connection.fd);
    if (!at_once) turn(Duration::zero());
    io().cancel(connection.fd);
    REQUIRE(over(receiving));
    CHECK(story(receiving).result == -ECANCELED);
  }
}

TEST_CASE_FIXTURE(Scene, "a paused receive can be paused again and resumed once") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  io().pause(connection.fd);
  turn();
  io().pause(connection.fd);
  io().resume(connection.fd);
  io().resume(connection.fd);
  peer_says(connection.peer, "still here");
  CHECK(heard(receiving, 10));
}

TEST_CASE_FIXTURE(Scene, "a paused receive ends when it is cancelled") {
  const Connection connection = accepted();
  const Number settled = recv(connection.fd);
  io().pause(connection.fd);
  pass(5ms);
  io().cancel(connection.fd);
  REQUIRE(over(settled));
  CHECK(story(settled).result == -ECANCELED);

  const Number hasty = recv(connection.fd);
  io().pause(connection.fd);
  io().cancel(connection.fd);
  CHECK(over(hasty));
}

TEST_CASE_FIXTURE(Scene, "a paused receive ends when its connection is shut down") {
  for (const bool settled : {true, false}) {
    const Connection connection = accepted();
    const Number receiving = recv(connection.fd);
    io().pause(connection.fd);
    if (settled) pass(5ms);
    peer_says(connection.peer, "nobody reads this");
    io().shutdown(connection.fd);
    CHECK(over(receiving));
  }
}

TEST_CASE_FIXTURE(Scene, "the peer's end is noticed once a paused receive is resumed") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  io().pause(connection.fd);
  pass(5ms);
  peer_says(connection.peer, "last words");
  world().peer_close(connection.peer);
  pass(10ms);
  CHECK_FALSE(story(receiving).over);
  io().resume(connection.fd);
  REQUIRE(over(receiving));
  CHECK(story(receiving).result == 0);
  CHECK(story(receiving).bytes == "last words");
}

TEST_CASE_FIXTURE(ScarceScene, "with four small buffers many bulk senders all get through") {
  std::vector<Bulk> bulk = bulk_senders(16, 300'000);
  for (Bulk& one : bulk) {
    REQUIRE(until([&] {
      speak(bulk);
      return story(one.receiving).bytes.size() == one.text.size();
    }));
  }
  for (Bulk& one : bulk) CHECK((story(one.receiving).bytes == one.text));
}

TEST_CASE_FIXTURE(ScarceScene,
                  "with four small buffers, pausing half of the senders stops no other") {
  std::vector<Bulk> bulk = bulk_senders(12, 100'000);
  for (std::size_t i = 0; i < bulk.size(); i += 3) io().pause(bulk[i].connection.fd);
  for (std::size_t i = 0; i < bulk.size(); ++i) {
    if (i % 3 == 0) continue;
    REQUIRE(until([&] {
      speak(bulk);
      return story(bulk[i].receiving).bytes.size() == bulk[i].text.size();
    }));
  }
  for (std::size_t i = 0; i < bulk.size(); i += 3) io().resume(bulk[i].connection.fd);
  for (Bulk& one : bulk) {
    CHECK(until([&] {
      speak(bulk);
      return story(one.receiving).bytes.size() == one.text.size();
    }));
  }
}

TEST_CASE_FIXTURE(ScarceScene, "receives that wait for buffers end when cancelled or shut down") {
  std::vector<Bulk> bulk = bulk_senders(16, 100'000);
  speak(bulk);
  for (int i = 0; i < 3; ++i) turn();
  for (std::size_t i = 0; i < bulk.size(); ++i) {
    if (i % 4 < 2) io().pause(bulk[i].connection.fd);
    if (i % 2 == 0) io().cancel(bulk[i].connection.fd);
    if (i % 2 == 1) io().shutdown(bulk[i].connection.fd);
  }
  for (const Bulk& one : bulk) CHECK(over(one.receiving));
}

// Queues so short that the kernel's overflow: multishot operations end by
// themselves, and preparing an operation has to submit others first.
struct NarrowScene : Scene {
  NarrowScene() : Scene(IoSettings{.submissions_max = 2, .completions_max = 4}) {}
};

TEST_CASE_FIXTURE(NarrowScene, "with the shortest of queues nothing is lost") {
  const Listener listener = world().listen(Transport::tcp4);
  const Number accepting = accept(listener.fd);
  std::vector<PeerId> peers;
  for (int i = 0; i < 60; ++i) peers.push_back(world().connect_peer(listener.address));
  REQUIRE(until([&] { return story(accepting).accepted.size() == 60; }));
  std::vector<Number> receiving;
  for (const int fd : story(accepting).accepted) receiving.push_back(recv(fd));
  pass(5ms);
  for (int round = 0; round < 20; ++round) {
    for (const PeerId peer : peers) peer_says(peer, "x");
    std::vector<Number> sending;
    for (const int fd : story(accepting).accepted) sending.push_back(send(fd, "y"));
    for (const PeerId peer : peers) CHECK(peer_hears(peer, 1) == "y");
    for (const Number number : sending) CHECK(over(number));
  }
  for (const Number number : receiving) CHECK(heard(number, 20));
  world().connect_peer(listener.address);
  CHECK(until([&] { return story(accepting).accepted.size() == 61; }));
}

}  // namespace ringway::net::testing
