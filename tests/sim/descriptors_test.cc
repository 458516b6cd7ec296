// Running out of descriptors says nothing of a server: nobody is blamed, and no back-off begins.
// And who is turned away holds no descriptor of those that servers need.
#include <algorithm>

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
  CHECK(test.shared.board.entry(test.server_id()).standing() == proxy::Standing::up);
}

TEST_CASE("of clients that are turned away and do not close only the last ones stay") {
  OneWorker test(1us);
  test.limits = "clients_max = 2\n";
  test.adopt("timeout = \"500ms\"", "10.0.0.1:11211");
  std::vector<std::unique_ptr<Speaker>> speakers;
  for (int i = 0; i < 60; ++i) speakers.push_back(std::make_unique<Speaker>(test.world));
  test.take_clients();
  test.run_for(20ms);
  CHECK(test.worker->clients().size() == 2 + proxy::rejected_kept(1));
  const auto told = [](const auto& one) {
    return one->heard == "SERVER_ERROR ringway: too many clients\r\n";
  };
  CHECK(std::ranges::count_if(speakers, told) == 58);
  test.run_for(proxy::Clients::linger_time * 2);
  CHECK(test.worker->clients().size() == 2);
}

}  // namespace
}  // namespace ringway::sim
