// Whose time is up at the same moment, each in its place in the line.
#include "sim/laned_server.h"
#include "sim/line_server.h"

namespace ringway::sim {
namespace {

TEST_CASE("a large value that expires before it could stream costs its client no connection") {
  OneWorker test(1us);
  LanedServer silent(test.world, *net::Address::parse("10.0.0.8:11211"));
  // Of one key it says the first half of a large value, and no more.
  std::string large;
  std::vector<std::string> asked;
  LineServer half(test.world, *net::Address::parse("10.0.0.9:11211"), [&](const std::string& line) {
    asked.push_back(line);
    return line == "get " + large ? "VALUE " + large + " 0 200000\r\n" + std::string(100'000, 'v')
                                  : "END\r\n";
  });
  test.adopt_all("timeout = \"500ms\"\neject.failures = 1000\n",
                 {"10.0.0.8:11211", "10.0.0.9:11211"});
  Speaker speaker(test.world);
  test.take_clients();
  for (int i = 0; silent.done.empty() || asked.empty(); ++i) {
    speaker.say("get k" + std::to_string(i) + "\r\n");
    test.run_for(10ms);
  }
  large = asked.front().substr(4);
  silent.pace(0, std::chrono::hours(1));
  speaker.heard.clear();
  speaker.say(silent.done.front() + "\r\nnothing of ours\r\nget " + large + "\r\n");
  test.run_for(600ms);
  const std::string late = " timed out after 500ms\r\n";
  const std::size_t first = speaker.heard.find(late);
  const std::size_t other = speaker.heard.find("ERROR\r\n");
  CHECK(first < other);
  CHECK(other < speaker.heard.rfind(late));
  CHECK(speaker.heard.ends_with(late));
  CHECK(speaker.heard.find("VALUE") == std::string::npos);
  CHECK(test.worker->clients().size() == 1);
}

}  // namespace
}  // namespace ringway::sim
