// Who waits for a full queue waits no longer than there is something to wait for: the list is
// emptied when the connection ends, and when the server goes out, moves, leaves or is reloaded.
#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

constexpr Duration never_answers = std::chrono::hours(1);
const std::string two_at_a_time = "timeout = \"10s\"\nserver_queue_max = 2\neject.mode = \"error\"";

// Two requests are in the queue, and nobody answers them; a third waits.
struct Waiting : OneWorker {
  Waiting() : OneWorker(never_answers, two_at_a_time) {
    for (int i = 0; i < 3; ++i) clients(1, 1, std::chrono::hours(1));
    run_for(1s);
    REQUIRE(worker->servers().waiting(server_id()) == 1);
  }
  std::string told() {
    run_for(1s);
    std::string text;
    for (const auto& asker : askers) text += asker->last + ";";
    return text;
  }
};

TEST_CASE("when the connection ends what waits is told what there is to tell") {
  Waiting test;
  test.server.lose_connections(1us);
  test.told();
  CHECK(test.worker->servers().waiting(test.server_id()) == 0);
  for (const auto& asker : test.askers) CHECK(asker->served + asker->refused == 1);
}

TEST_CASE("when the server goes out what waits is told so") {
  Waiting test;
  test.shared.board.set_standing(test.server_id(), proxy::Standing::ejected, "is dead");
  test.shared.post_all(worker::Reconsider{test.server_id()});
  CHECK(test.told().find("is ejected: it is dead") != std::string::npos);
}

TEST_CASE("when the server moves what waits goes where it is") {
  Waiting test;
  const auto elsewhere = *net::Address::parse("10.0.0.2:11211");
  PacedServer moved(test.world, 1us, elsewhere);
  test.shared.board.set_address(test.server_id(), elsewhere);
  test.shared.post_all(worker::Relocate{test.server_id()});
  test.told();
  CHECK(test.served() == 1);
}

TEST_CASE("when the server leaves what waits goes to whoever has its key then") {
  Waiting test;
  PacedServer successor(test.world, 1us, *net::Address::parse("10.0.0.3:11211"));
  test.adopt(two_at_a_time, "10.0.0.3:11211");
  test.told();
  CHECK(test.served() == 1);
}

TEST_CASE("when a reload makes room what waits takes it") {
  Waiting test;
  test.adopt("timeout = \"10s\"\nserver_queue_max = 3", "10.0.0.1:11211");
  test.told();
  CHECK(test.worker->servers().waiting(test.server_id()) == 0);
  CHECK(test.served() == 0);
}

TEST_CASE("what waited through a reload that allows retries is asked twice as it was asked once") {
  TwoLanes test("server_queue_max = 1\nread_retries = 0\n");
  test.laned.values["k"] = "v1";
  test.busy(1, 100ms);
  test.slow().say("mg k v\r\n");
  test.run_for(10ms);
  test.pool.replace(test.pool.find("read_retries = 0"), 16, "read_retries = 1");
  test.adopt(test.pool, "10.0.0.9:11211");
  test.run_for(150ms);
  test.laned.lose(1);
  test.run_for(1s);
  CHECK(test.slow().heard == "END\r\nVA 2\r\nv1\r\n");
  CHECK(test.laned.done.back() == "mg k v");
}

TEST_CASE("when a client that waits is gone nobody waits") {
  Waiting test;
  test.shared.post_all(worker::Stop{});
  test.told();
  CHECK(test.worker->stopped());
}

}  // namespace
}  // namespace ringway::sim
