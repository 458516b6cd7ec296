// Running out of descriptors says nothing of a server: nobody is blamed, and no back-off begins.
#include "sim/laned_server.h"

namespace ringway::sim {
namespace {

using metrics::ServerMetric;

TEST_CASE("a server to which there was no descriptor is asked as soon as there is one") {
  OneWorker test(1us);
  LanedServer server(test.world, laned_address);
  test.adopt(
      "timeout = \"500ms\"\neject.failures = 1\nbackoff_min = \"10s\"\nbackoff_max = \"10s\"\n",
      "10.0.0.9:11211");
  Speaker speaker(test.world);
  test.take_clients();
  test.run_for(1ms);
  const auto counted = [&](ServerMetric metric) {
    return test.worker->servers().counters(test.server_id())[metric].value();
  };
  test.world.lack_descriptors(true);
  for (int i = 0; i < 5; ++i) {
    speaker.say("get k\r\n");
    test.run_for(10ms);
    CHECK(speaker.heard.find("got no connection: ringway is out of file descriptors") !=
          std::string::npos);
    speaker.heard.clear();
  }
  CHECK(counted(ServerMetric::failures) == 0);
  test.world.lack_descriptors(false);
  test.run_for(200ms);
  speaker.say("get k\r\n");
  test.run_for(20ms);
  CHECK(speaker.heard == "END\r\n");
  CHECK(counted(ServerMetric::failures) == 0);
  CHECK(test.crew.board.entry(test.server_id()).standing() == proxy::Standing::up);
}

}  // namespace
}  // namespace ringway::sim
