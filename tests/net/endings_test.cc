// Every Io: how connections end, by either side, with operations in flight.
#include <cerrno>
#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

TEST_CASE_FIXTURE(Scene, "the peer's half-close ends the receive while we still send") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number receiving = recv(connection.fd);
    peer_says(connection.peer, "quit");
    world().peer_finish_sending(connection.peer);
    REQUIRE(over(receiving));
    CHECK(story(receiving).result == 0);
    CHECK(story(receiving).bytes == "quit");
    REQUIRE(over(send(connection.fd, "goodbye")));
    CHECK(peer_hears(connection.peer, 7) == "goodbye");
  }
}

TEST_CASE_FIXTURE(Scene, "finish_sending ends our direction alone") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number receiving = recv(connection.fd);
    REQUIRE(over(send(connection.fd, "goodbye")));
    io().finish_sending(connection.fd);
    CHECK(peer_hears(connection.peer, 7) == "goodbye");
    CHECK(until([&] { return world().peer_ended(connection.peer); }));
    peer_says(connection.peer, "and to you");
    CHECK(heard(receiving, 10));
    CHECK_FALSE(story(receiving).over);
  }
}

TEST_CASE_FIXTURE(Scene, "a reset ends a receive with its reason") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  world().peer_reset(connection.peer);
  REQUIRE(over(receiving));
  CHECK(story(receiving).result == -ECONNRESET);
}

TEST_CASE_FIXTURE(Scene, "a reset ends a blocked send") {
  const Connection connection = accepted();
  const Number sending = blocked_send(connection);
  world().peer_reset(connection.peer);
  REQUIRE(over(sending));
  CHECK((story(sending).result == -ECONNRESET || story(sending).result == -EPIPE));
}

TEST_CASE_FIXTURE(Scene, "a send to a peer that is gone fails and raises no signal") {
  const Connection connection = accepted();
  world().peer_reset(connection.peer);
  pass(10ms);
  const Number sending = send(connection.fd, "anybody?");
  REQUIRE(over(sending));
  CHECK(story(sending).result < 0);
}

TEST_CASE_FIXTURE(Scene, "a blocked send ends when it is shut down, and is never taken for done") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number sending = blocked_send(connection);
    io().shutdown(connection.fd);
    REQUIRE(over(sending));
    CHECK(story(sending).result < 32 * 1024 * 1024);
  }
}

TEST_CASE_FIXTURE(Scene, "a blocked send ends when it is cancelled") {
  for (const Transport transport : all_transports) {
    const Connection connection = accepted(transport);
    const Number sending = blocked_send(connection);
    io().cancel(connection.fd);
    REQUIRE(over(sending));
    CHECK(story(sending).result == -ECANCELED);
  }
}

TEST_CASE_FIXTURE(Scene, "a blocked send goes on when the peer reads") {
  const Connection connection = accepted();
  const Number sending = blocked_send(connection);
  REQUIRE(until([&] {
    while (!world().peer_read(connection.peer, 1024 * 1024).empty()) {
    }
    return story(sending).over;
  }));
  CHECK(story(sending).result == 32 * 1024 * 1024);
}

TEST_CASE_FIXTURE(Scene, "while a send is blocked its connection still receives") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  const Number sending = blocked_send(connection);
  peer_says(connection.peer, "too much!");
  CHECK(heard(receiving, 9));
  CHECK_FALSE(story(sending).over);
}

TEST_CASE_FIXTURE(Scene, "shutdown ends a receive and is seen by the peer") {
  for (const Transport transport : all_transports) {
    const Connection connection = connected(transport);
    const Number receiving = recv(connection.fd);
    pass(5ms);
    io().shutdown(connection.fd);
    CHECK(over(receiving));
    CHECK(until([&] { return world().peer_ended(connection.peer); }));
  }
}

TEST_CASE_FIXTURE(Scene, "operations that are shut down in the turn they began still end") {
  const Connection connection = connected();
  const Number receiving = recv(connection.fd);
  const Number sending = send(connection.fd, "too late");
  io().shutdown(connection.fd);
  CHECK(over(receiving));
  REQUIRE(over(sending));
  CHECK(story(sending).result < 0);
}

TEST_CASE_FIXTURE(Scene, "cancel ends a receive and leaves the connection as it is") {
  const Connection connection = connected();
  const Number first = recv(connection.fd);
  pass(5ms);
  io().cancel(connection.fd);
  REQUIRE(over(first));
  CHECK(story(first).result == -ECANCELED);
  peer_says(connection.peer, "who is there?");
  const Number second = recv(connection.fd);
  CHECK(heard(second, 13));
}

TEST_CASE_FIXTURE(Scene, "cancelling what is not in flight does nothing") {
  const Connection connection = connected();
  io().cancel(connection.fd);
  REQUIRE(over(send(connection.fd, "fine")));
  CHECK(peer_hears(connection.peer, 4) == "fine");
}

TEST_CASE_FIXTURE(Scene, "a connection closed after its operations ended is seen as ended") {
  const Connection connection = accepted();
  const Number receiving = recv(connection.fd);
  io().cancel(connection.fd);
  REQUIRE(over(receiving));
  close(connection.fd);
  CHECK(until([&] { return world().peer_ended(connection.peer); }));
}

}  // namespace ringway::net::testing
