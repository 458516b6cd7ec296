// The io_uring Io alone: that the mechanisms which the suite cannot see (parked
// receives, multishot operations begun again, lingering) are really at work.
#include "net/uring_io.h"

#include <doctest/doctest.h>

#include "net/scene.h"

namespace ringway::net::testing {

constexpr std::size_t kib = 1024;

// Writes `bytes` from a peer into a new connection and waits for all of it.
static void take_in(Scene& scene, std::size_t bytes) {
  const Connection connection = scene.accepted();
  const Scene::Number receiving = scene.recv(connection.fd);
  const std::string text = pattern(bytes);
  scene.peer_says(connection.peer, text);
  CHECK(scene.heard(receiving, bytes));
}

TEST_CASE("four buffers run out, and the receive goes on by itself") {
  Scene scene(IoSettings{.client_buffers = {.size_bytes = 1024, .count_max = 4}});
  take_in(scene, 1024 * kib);
  CHECK(scene.io().counters().buffers_exhausted > 0);
  CHECK(scene.io().counters().recvs_rearmed > 0);
  CHECK(scene.io().counters().buffers_added == 3);
}

TEST_CASE("buffers are added when they run out, and never beyond the limit") {
  Scene scene(IoSettings{.client_buffers = {.size_bytes = 1024, .count_max = 64}});
  CHECK(scene.io().counters().buffers_added == 0);
  take_in(scene, 1024 * kib);
  CHECK(scene.io().counters().buffers_added > 0);
  take_in(scene, 4096 * kib);
  CHECK(scene.io().counters().buffers_added <= 56);
}

TEST_CASE("a multishot receive that the kernel ends by itself is begun again") {
  Scene scene(IoSettings{.submissions_max = 2, .completions_max = 4});
  std::vector<Connection> connections;
  std::vector<Scene::Number> receiving;
  for (int i = 0; i < 30; ++i) {
    connections.push_back(scene.accepted());
    receiving.push_back(scene.recv(connections.back().fd));
  }
  scene.pass(5ms);
  for (int round = 0; round < 10; ++round) {
    for (const Connection& connection : connections) scene.peer_says(connection.peer, "x");
    scene.turn();
  }
  for (const Scene::Number number : receiving) CHECK(scene.heard(number, 10));
  CHECK(scene.io().counters().buffers_exhausted == 0);
  CHECK(scene.io().counters().recvs_rearmed > 0);
}

TEST_CASE("a quiet turn costs one system call") {
  Scene scene;
  const Connection connection = scene.connected();
  const Scene::Number receiving = scene.recv(connection.fd);
  scene.pass(5ms);
  const IoCounters before = scene.io().counters();
  for (int i = 1; i <= 100; ++i) {
    REQUIRE(scene.over(scene.send(connection.fd, "question")));
    CHECK(scene.peer_hears(connection.peer, 8) == "question");
    scene.peer_says(connection.peer, "answer");
    REQUIRE(scene.heard(receiving, static_cast<std::size_t>(i) * 6));
  }
  const IoCounters after = scene.io().counters();
  CHECK(after.syscalls - before.syscalls <= (after.waits - before.waits) * 5 / 4);
}

TEST_CASE(
    "a wait lingers only when many replies are expected, and first to find out what it brings") {
  Scene scene;
  const Expected few{.in_flight = Linger::in_flight_min - 1};
  const Expected many{.in_flight = Linger::in_flight_min};
  for (int i = 0; i < 20; ++i) scene.io().wait(scene.io().now() + 2ms, few);
  CHECK(scene.io().counters().lingered == 0);
  scene.io().wait(scene.io().now() + 1ms, many);
  CHECK(scene.io().counters().lingered == 0);
  const bool can_linger = dynamic_cast<const UringIo&>(scene.io()).can_linger();
  const Instant start = scene.io().now();
  while (scene.io().counters().lingered == 0 &&
         scene.io().now() < start + (can_linger ? 5s : 100ms))
    scene.io().wait(scene.io().now() + 1ms, many);
  CHECK((scene.io().counters().lingered > 0) == can_linger);
}

TEST_CASE("without a batch window a wait never lingers") {
  Scene scene(IoSettings{.batch_window = Duration::zero()});
  scene.io().wait(scene.io().now() + 2ms, {.in_flight = 1000});
  CHECK(scene.io().counters().lingered == 0);
}

TEST_CASE("an Io may end with everything still in flight") {
  const auto world = open_io_world(IoSettings{});
  const Listener listener = world->listen(Transport::tcp4);
  Io& io = world->io();
  io.accept(Token{.op = Op::accept}, listener.fd, Accepts::all);
  const PeerId peer = world->connect_peer(listener.address);
  int fd = -1;
  while (fd < 0) {
    for (const Completion& done : io.wait(io.now() + 1ms, {})) fd = done.result;
  }
  io.recv(Token{.op = Op::client_recv}, fd, Buffers::client);
  const std::string bulk = pattern(16 * 1024 * kib);
  const Bytes part = bulk;
  io.send(Token{.op = Op::client_send}, fd, std::span(&part, 1));
  const int unanswered =
      io.connect(Token{.op = Op::server_connect}, world->full_backlog(Transport::tcp4), {});
  io.wait(io.now() + 5ms, {});
  CHECK(unanswered >= 0);
  CHECK(world->peer_write(peer, "never heard") == 11);
}

}  // namespace ringway::net::testing
