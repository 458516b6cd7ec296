// What is asked of servers by file and by hand, who hears of it, and what is remembered.
#include "reload/states.h"

#include "fixture.h"

namespace ringway::reload {
namespace {

using namespace std::chrono_literals;
using config::ServerState;

const std::string mc1 = "10.0.0.1:11211";

struct Case : Surroundings {
  explicit Case(const std::string& state = "up") { adopt(state, true); }
  void adopt(const std::string& state, bool starting) {
    present = snapshot("[{ address = \"10.0.0.1:11211\", state = \"" + state + "\" }]");
    states.adopt(*present, starting);
  }
  void set(std::optional<ServerState> state) {
    states.set_by_hand("web", present->pools[0]->servers[0], state, world.now());
  }
  ServerState asked() { return shared.board.asked(server(mc1)); }
  int calls() { return letters<worker::Reconsider>(server(mc1)); }
  // The lines that a time without any other event brings.
  std::size_t lines_within(Duration time) {
    const std::size_t before = lines.size();
    for (const Instant end = world.now() + time; world.now() < end; world.pass(10min))
      states.step(world.now());
    return lines.size() - before;
  }

  States states{shared};
  std::unique_ptr<snapshot::Snapshot> present;
};

TEST_CASE("at the start a server stands as the file has it, and nobody is called") {
  CHECK(Case("drain").shared.board.entry({}).standing() == proxy::Standing::drained);
  CHECK(Case("maintenance").shared.board.entry({}).standing() == proxy::Standing::maintenance);
  CHECK(Case("drain").calls() == 0);
}

TEST_CASE("a state by hand wins over the file, and its home is called") {
  Case it("drain");
  it.set(ServerState::up);
  CHECK(it.asked() == ServerState::up);
  CHECK(it.calls() == 1);
  CHECK(it.lines.back() ==
        "server 10.0.0.1 (10.0.0.1:11211) of pool web: state up is asked for by hand");
  it.set(std::nullopt);
  CHECK(it.asked() == ServerState::drain);
  CHECK(it.calls() == 1);
}

TEST_CASE("a state by hand survives a reload") {
  Case it;
  it.set(ServerState::maintenance);
  it.calls();
  it.adopt("drain", false);
  CHECK(it.asked() == ServerState::maintenance);
  CHECK(it.calls() == 0);
  it.set(std::nullopt);
  CHECK(it.asked() == ServerState::drain);
}

TEST_CASE("a reload that changes the state calls the home") {
  Case it;
  it.adopt("up", false);
  CHECK(it.calls() == 0);
  it.adopt("drain", false);
  CHECK(it.calls() == 1);
}

TEST_CASE("a state by hand is remembered aloud once a day until it is over") {
  Case it;
  it.set(ServerState::drain);
  CHECK(it.lines_within(23h) == 0);
  CHECK(it.lines_within(2h) == 1);
  CHECK(it.lines.back() ==
        "server 10.0.0.1 (10.0.0.1:11211) of pool web: state drain by hand is 24 h old; set it to "
        "auto when "
        "it has served");
  CHECK(it.lines_within(72h) == 3);
  it.set(std::nullopt);
  CHECK(it.lines_within(72h) == 0);
}

TEST_CASE("a new state by hand begins a new day") {
  Case it;
  it.set(ServerState::drain);
  it.lines_within(23h);
  it.set(ServerState::maintenance);
  CHECK(it.lines_within(23h) == 0);
  CHECK(it.lines_within(2h) == 1);
}

}  // namespace
}  // namespace ringway::reload
