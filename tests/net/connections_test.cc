// Every Io: how connections begin, and how waiting for one ends.
#include <cerrno>
#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

TEST_CASE_FIXTURE(Scene, "an accept reports every connection and goes on") {
  for (const Transport transport : all_transports) {
    const Listener listener = world().listen(transport);
    const Number accepting = accept(listener.fd);
    for (std::size_t i = 1; i <= 3; ++i) {
      world().connect_peer(listener.address);
      CHECK(until([&] { return story(accepting).accepted.size() == i; }));
    }
    CHECK_FALSE(story(accepting).over);
  }
}

TEST_CASE_FIXTURE(Scene, "many connections at once are all accepted") {
  const Listener listener = world().listen(Transport::tcp4);
  const Number accepting = accept(listener.fd);
  for (int i = 0; i < 100; ++i) world().connect_peer(listener.address);
  CHECK(until([&] { return story(accepting).accepted.size() == 100; }));
}

TEST_CASE_FIXTURE(Scene, "an accept of one leaves all others in the backlog") {
  for (const Transport transport : all_transports) {
    const Listener listener = world().listen(transport);
    for (int i = 0; i < 3; ++i) world().connect_peer(listener.address);
    for (int i = 0; i < 3; ++i) {
      const Number accepting = accept(listener.fd, Accepts::one);
      REQUIRE(over(accepting));
      pass(5ms);
      CHECK(story(accepting).accepted.size() == 1);
    }
    const Number none = accept(listener.fd, Accepts::one);
    pass(5ms);
    CHECK_FALSE(story(none).over);
    io().cancel(listener.fd);
    REQUIRE(over(none));
    CHECK(story(none).result == -ECANCELED);
  }
}

TEST_CASE_FIXTURE(Scene, "both ends of an accepted connection can talk") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number receiving = recv(connection.fd);
    peer_says(connection.peer, "question");
    CHECK(heard(receiving, 8));
    send(connection.fd, "answer");
    CHECK(peer_hears(connection.peer, 6) == "answer");
    CHECK(story(receiving).bytes == "question");
  }
}

TEST_CASE_FIXTURE(Scene, "who is at the other end of an accepted connection can be told") {
  for (const Transport transport : all_transports) {
    const std::string peer = io().peer(accepted(transport).fd);
    CHECK_FALSE(peer.empty());
    CHECK(peer != "somebody");
  }
}

TEST_CASE_FIXTURE(Scene, "both ends of a connection that we opened can talk") {
  for (const Transport transport : all_transports) {
    const Connection connection = connected(transport);
    const Number receiving = recv(connection.fd, Buffers::server);
    const Number sending = send(connection.fd, "question");
    CHECK(peer_hears(connection.peer, 8) == "question");
    CHECK(over(sending));
    CHECK(story(sending).result == 8);
    peer_says(connection.peer, "answer");
    CHECK(heard(receiving, 6));
  }
}

TEST_CASE_FIXTURE(Scene, "a connect to where nobody listens is refused") {
  for (const Transport transport : all_transports) {
    const Number connecting = connect(world().nobody_listens(transport));
    REQUIRE(over(connecting));
    const int result = story(connecting).result;
    CHECK((result == -ECONNREFUSED || (transport == Transport::unix_stream && result == -ENOENT)));
  }
}

TEST_CASE_FIXTURE(Scene, "a connect that nobody answers goes on until it is cancelled") {
  const Number connecting = connect(world().full_backlog(Transport::tcp4));
  pass(30ms);
  REQUIRE_FALSE(story(connecting).over);
  io().cancel(story(connecting).fd);
  REQUIRE(over(connecting));
  CHECK(story(connecting).result < 0);
}

TEST_CASE_FIXTURE(Scene, "a connect that nobody answers ends when it is shut down") {
  const Number connecting = connect(world().full_backlog(Transport::tcp4));
  pass(10ms);
  io().shutdown(story(connecting).fd);
  REQUIRE(over(connecting));
  CHECK(story(connecting).result < 0);
}

TEST_CASE_FIXTURE(Scene, "a connect that was cancelled before it began fails too") {
  const Number connecting = connect(world().full_backlog(Transport::tcp4));
  io().cancel(story(connecting).fd);
  CHECK(over(connecting));
}

TEST_CASE_FIXTURE(Scene, "a connect to a unix socket whose backlog is full fails at once") {
  const Number connecting = connect(world().full_backlog(Transport::unix_stream));
  REQUIRE(over(connecting));
  CHECK(story(connecting).result == -EAGAIN);
}

TEST_CASE_FIXTURE(Scene, "cancel ends an accept and the listener can be used again") {
  for (const Transport transport : all_transports) {
    const Listener listener = world().listen(transport);
    const Number first = accept(listener.fd);
    pass(5ms);
    io().cancel(listener.fd);
    REQUIRE(over(first));
    CHECK(story(first).result == -ECANCELED);

    world().connect_peer(listener.address);
    const Number second = accept(listener.fd);
    CHECK(until([&] { return story(second).accepted.size() == 1; }));
    CHECK(story(first).accepted.empty());
  }
}

TEST_CASE_FIXTURE(Scene, "shutdown ends an accept") {
  for (const Transport transport : all_transports) {
    const Listener listener = world().listen(transport);
    const Number accepting = accept(listener.fd);
    pass(5ms);
    io().shutdown(listener.fd);
    REQUIRE(over(accepting));
    CHECK(story(accepting).result < 0);
  }
}

TEST_CASE_FIXTURE(Scene, "closed descriptors come back as new connections without confusion") {
  const Listener listener = world().listen(Transport::tcp4);
  const Number accepting = accept(listener.fd);
  for (std::size_t i = 0; i < 50; ++i) {
    const PeerId peer = world().connect_peer(listener.address);
    REQUIRE(until([&] { return story(accepting).accepted.size() == i + 1; }));
    const int fd = story(accepting).accepted.back();
    const Number receiving = recv(fd);
    if (i % 3 == 1) io().pause(fd);
    if (i % 3 == 2) io().cancel(fd);
    world().peer_close(peer);
    if (i % 3 == 1) io().shutdown(fd);
    REQUIRE(over(receiving));
    close(fd);
  }
}

}  // namespace ringway::net::testing
