// Every Io: bytes arrive whole and in order, however they are cut on the way.
#include <array>
#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

constexpr std::size_t mib = 1024 * 1024;

TEST_CASE_FIXTURE(Scene, "a stream arrives in order however it is split") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number receiving = recv(connection.fd);
    const std::string text = pattern(20'000);
    for (std::size_t at = 0, step = 1; at < text.size(); at += step, step = step % 700 + 13) {
      peer_says(connection.peer, Bytes(text).substr(at, step));
      if (step % 5 == 0) turn();
    }
    CHECK(heard(receiving, text.size()));
    CHECK(story(receiving).bytes == text);
  }
}

TEST_CASE_FIXTURE(Scene, "eight mebibytes arrive as they were sent, into either kind of buffer") {
  for (const Buffers buffers : {Buffers::client, Buffers::server}) {
    const Connection connection = accepted();
    const Number receiving = recv(connection.fd, buffers);
    const std::string text = pattern(8 * mib);
    peer_says(connection.peer, text);
    CHECK(heard(receiving, text.size()));
    CHECK((story(receiving).bytes == text));
  }
}

TEST_CASE_FIXTURE(Scene, "sixteen parts leave as one stream") {
  for (const Transport transport : all_transports) {
    const Connection connection = connected(transport);
    const std::string text = pattern(16 * 1000);
    std::array<Bytes, Io::send_parts_max> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = Bytes(text).substr(i * 1000, 1000);
    const Number sending = send(connection.fd, parts);
    parts.fill("the span itself may go at once");
    CHECK(peer_hears(connection.peer, text.size()) == text);
    REQUIRE(over(sending));
    CHECK(story(sending).result == 16'000);
  }
}

TEST_CASE_FIXTURE(Scene, "empty parts and empty sends are no trouble") {
  const Connection connection = connected();
  const std::array<Bytes, 4> parts = {Bytes(), Bytes("a"), Bytes(), Bytes("b")};
  const Number sending = send(connection.fd, parts);
  CHECK(peer_hears(connection.peer, 2) == "ab");
  REQUIRE(over(sending));
  const Number nothing = send(connection.fd, Bytes());
  REQUIRE(over(nothing));
  CHECK(story(nothing).result == 0);
}

TEST_CASE_FIXTURE(Scene, "a large send to a slow reader completes when all of it is gone") {
  for (const Transport transport : {Transport::tcp4, Transport::unix_stream}) {
    const Connection connection = connected(transport);
    const std::string text = pattern(8 * mib);
    const Number sending = send(connection.fd, text);
    std::string heard;
    REQUIRE(until([&] {
      heard += world().peer_read(connection.peer, 100'000);
      return heard.size() == text.size();
    }));
    CHECK((heard == text));
    REQUIRE(over(sending));
    CHECK(story(sending).result == static_cast<int>(text.size()));
  }
}

TEST_CASE_FIXTURE(Scene, "a large gather to a slow reader keeps its order") {
  const Connection connection = accepted();
  const std::string text = pattern(8 * mib);
  std::array<Bytes, Io::send_parts_max> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = Bytes(text).substr(i * mib / 2, mib / 2);
  }
  const Number sending = send(connection.fd, parts);
  CHECK((peer_hears(connection.peer, text.size()) == text));
  REQUIRE(over(sending));
  CHECK(story(sending).result == static_cast<int>(text.size()));
}

TEST_CASE_FIXTURE(Scene, "sends follow one another in order") {
  const Connection connection = connected();
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    REQUIRE(over(send(connection.fd, line)));
    expected += line;
  }
  CHECK(peer_hears(connection.peer, expected.size()) == expected);
}

TEST_CASE_FIXTURE(Scene, "hundreds of sends and receives of one turn all complete") {
  const Listener listener = world().listen(Transport::tcp4);
  const Number accepting = accept(listener.fd);
  std::vector<PeerId> peers;
  for (int i = 0; i < 300; ++i) {
    peers.push_back(world().connect_peer(listener.address));
    turn(Duration::zero());
  }
  REQUIRE(until([&] { return story(accepting).accepted.size() == 300; }));
  std::vector<Number> numbers;
  for (const int fd : story(accepting).accepted) {
    numbers.push_back(recv(fd));
    send(fd, "hello");
  }
  for (const PeerId peer : peers) CHECK(peer_hears(peer, 5) == "hello");
  for (const PeerId peer : peers) peer_says(peer, "hello yourself");
  for (const Number number : numbers) {
    CHECK(heard(number, 14));
    CHECK(story(number).bytes == "hello yourself");
  }
}

}  // namespace ringway::net::testing
