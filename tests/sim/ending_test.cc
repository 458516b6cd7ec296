// A server that ends its connection at what it is asked: it is not connected to without end, and
// whoever asks for something else has its answers.
#include "sim/one_worker.h"

namespace ringway::sim {
namespace {

constexpr Duration pace = 50us;
const std::string never_out = "timeout = \"500ms\"\neject.failures = 0";

struct Ending : OneWorker {
  explicit Ending(const std::string& words) : OneWorker(pace, never_out) {
    server.end_at(words);
    turns_per_check = 10;
  }
};

TEST_CASE("a server that ends each connection at its first request is asked after back-offs only") {
  for (const std::string line :
       {"get key\r\n", "set key 0 0 0\r\n\r\n", "mg key\r\n", "md key\r\n"}) {
    CAPTURE(line);
    Ending test(line.substr(0, 3));
    test.clients(4, 3, 4ms, line);
    test.run_for(60s);
    // Some at first, from 50 ms to 5 s between them, then one in 5 s, off by a half.
    CHECK(test.server.connections() >= 10);
    CHECK(test.server.connections() <= 40);
  }
}

TEST_CASE("a server that ends connections at everything that it is asked is asked no more often") {
  Ending test("*");
  for (const char* line :
       {"get key", "mg key", "md key", "ma key", "me key", "touch key 0", "gat 0 key"})
    test.clients(1, 1, 1ms, std::string(line) + "\r\n");
  test.run_for(60s);
  CHECK(test.served() == 0);
  CHECK(test.server.connections() <= 100);
}

TEST_CASE("whoever asks for something else is answered, and hardly notices") {
  for (const Duration pause : {1ms, 20ms, 300ms}) {
    CAPTURE(pause.count());
    Ending test("mg");
    test.clients(10, 2, pause);
    const auto others = test.askers.size();
    test.clients(1, 1, 100ms, "mg key v\r\n");
    test.run_for(60s);
    for (std::size_t i = 0; i < others; ++i) {
      CHECK(test.askers[i]->refused == 0);
      CHECK(test.askers[i]->served + 2 >= test.askers[i]->asked);
    }
    CHECK(test.askers.back()->served == 0);
    CHECK(test.server.connections() <= 40);
  }
}

TEST_CASE("a command that it knows again is asked within its back-off") {
  Ending test("mg");
  test.clients(1, 1, 50ms, "mg key\r\n");
  test.run_for(10s);
  CHECK(test.askers[0]->last.find("closes connections at mg; next try in ") != std::string::npos);
  test.server.end_at("nothing");
  test.run_for(8s);
  const std::uint64_t refused = test.askers[0]->refused;
  test.run_for(5s);
  CHECK(test.askers[0]->refused == refused);
}

}  // namespace
}  // namespace ringway::sim
