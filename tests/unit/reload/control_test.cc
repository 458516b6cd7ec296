// What control says of itself to those who ask whether traffic may come.
#include "reload/control.h"

#include "configurations.h"
#include "fixture.h"

namespace ringway::reload {
namespace {

using namespace std::chrono_literals;

struct Started : Surroundings {
  explicit Started(const std::string& servers)
      : control(loaded(listener("l", "\"127.0.0.1:1\"") + "[pool.web]\nservers = " + servers),
                shared, world) {
    REQUIRE(control.start());
  }
  ~Started() {
    control.ask_stop_now();
    shared.reports[0]->sockets = 0;
    shared.reports[0]->stopped = true;
    control.step();
    CHECK(control.over());
  }
  bool known_after(Duration time) {
    world.pass(time);
    control.step();
    return control.names_known();
  }

  Control control;
};

TEST_CASE("where no server has a name, they are known at the start") {
  CHECK(Started(R"(["10.0.0.1:11211"])").control.names_known());
}

TEST_CASE("names are known once each was answered, whatever the answer is") {
  Started it(R"(["mc-1.test:11211", "mc-2.test:11211", "10.0.0.1:11211"])");
  CHECK_FALSE(it.control.names_known());
  it.world.answers.push_back(
      {"mc-1.test:11211", {.addresses = {*net::Address::parse("10.0.0.2:11211")}}});
  CHECK_FALSE(it.known_after(10ms));
  it.world.answers.push_back({"mc-2.test:11211", {.addresses = {}, .missing = true, .why = "no"}});
  CHECK(it.known_after(10ms));
}

TEST_CASE("after five seconds nobody waits for a name server any more") {
  Started it(R"(["mc-1.test:11211"])");
  CHECK_FALSE(it.known_after(4900ms));
  CHECK(it.control.next() <= it.world.now() + 100ms);
  CHECK(it.known_after(100ms));
}

}  // namespace
}  // namespace ringway::reload
