// Reads of several keys of which one server answers with something else.
#include "sim/laned_server.h"
#include "sim/line_server.h"

namespace ringway::sim {
namespace {

TEST_CASE("keys that were asked of whoever answers with another key are asked again, not missed") {
  OneWorker test(1us);
  // Has every key; but one time it answers with the value of another one.
  bool lies = false;
  LineServer liar(test.world, laned_address, [&](const std::string& line) {
    std::string text;
    if (std::exchange(lies, false)) return std::string("VALUE other 0 1\r\no\r\nEND\r\n");
    for (const char key : line.substr(4)) {
      if (key != ' ') text += std::string("VALUE ") + key + " 0 1\r\n" + key + "\r\n";
    }
    return text + "END\r\n";
  });
  test.adopt("timeout = \"500ms\"\neject.failures = 1000\nread_retries = 1\n", "10.0.0.9:11211");
  Speaker speaker(test.world);
  test.take_clients();
  speaker.say("get a\r\n");
  test.run_for(10ms);
  REQUIRE(speaker.heard == "VALUE a 0 1\r\na\r\nEND\r\n");
  speaker.heard.clear();
  lies = true;
  speaker.say("get a b c\r\n");
  test.run_for(300ms);
  CHECK(liar.connections == 2);
  CHECK(speaker.heard == "VALUE a 0 1\r\na\r\nVALUE b 0 1\r\nb\r\nVALUE c 0 1\r\nc\r\nEND\r\n");
}

}  // namespace
}  // namespace ringway::sim
