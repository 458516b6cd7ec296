// When names are asked for, and what answers change.
#include "names/names.h"

#include "../reload/fixture.h"

namespace ringway::reload {
namespace {

using namespace std::chrono_literals;

const std::string mc1 = "mc-1.test:11211";
const std::string mc2 = "mc-2.test:11211";

struct Case : Surroundings {
  explicit Case(const std::string& servers, const std::string& more = "")
      : present(snapshot(servers, more)) {
    names.locate(*present);
    names.step();
  }
  // The answer to the question that must be there.
  void answer(const std::string& name, std::vector<std::string> hosts, bool missing = false) {
    const auto question = std::ranges::find(world.asked, name);
    REQUIRE(question != world.asked.end());
    world.asked.erase(question);
    Answer answer{.addresses = {}, .missing = missing, .why = "does not resolve"};
    for (const auto& host : hosts) answer.addresses.push_back(*net::Address::parse(host));
    world.answers.push_back({name, answer});
    names.step();
  }
  // Lets time pass in small steps; how often names were asked for meanwhile, with what answer.
  int asked_within(Duration time, const std::vector<std::string>& hosts, bool missing = false) {
    int count = 0;
    for (const Instant end = world.now() + time; world.now() < end; world.pass(10ms)) {
      names.step();
      while (!world.asked.empty()) {
        ++count;
        answer(std::string(world.asked.front()), hosts, missing);
      }
    }
    return count;
  }
  proxy::BoardEntry& entry(const std::string& of) { return shared.board.entry(server(of)); }

  Names names{shared, world};
  std::unique_ptr<snapshot::Snapshot> present;
};

TEST_CASE("numeric addresses are known at once and nobody is asked") {
  Case it(R"(["10.0.0.1:11211", "unix:/run/mc.sock"])");
  CHECK(it.address("10.0.0.1:11211") == "10.0.0.1:11211");
  CHECK(it.address("unix:/run/mc.sock") == "unix:/run/mc.sock");
  CHECK(it.world.asked.empty());
  CHECK(it.names.next() == never);
}

TEST_CASE("a name has no address until it is answered, and is no failure until then") {
  Case it(R"(["mc-1.test:11211"])");
  CHECK_FALSE(it.names.located(*it.present));
  CHECK_FALSE(it.entry(mc1).unresolvable());
  it.answer(mc1, {"10.0.0.1:11211"});
  CHECK(it.names.located(*it.present));
  CHECK(it.address(mc1) == "10.0.0.1:11211");
  CHECK(it.lines == std::vector<std::string>{"server mc-1.test:11211 is at 10.0.0.1:11211"});
}

TEST_CASE("a name that does not resolve at the start stops nobody else") {
  Case it(R"(["mc-1.test:11211", "mc-2.test:11211"])");
  it.answer(mc1, {}, true);
  CHECK(it.entry(mc1).unresolvable());
  CHECK(it.letters<worker::Reconsider>(it.server(mc1)) == 1);
  it.answer(mc2, {"10.0.0.2:11211"});
  CHECK(it.address(mc2) == "10.0.0.2:11211");
  CHECK(it.asked_within(1100ms, {"10.0.0.1:11211"}) == 1);
  CHECK_FALSE(it.entry(mc1).unresolvable());
  CHECK(it.address(mc1) == "10.0.0.1:11211");
}

TEST_CASE("names are asked for again after dns_refresh, a fifth sooner or later") {
  for (const auto& [chance, second] : {std::pair{0, 8}, {1000, 10}, {2000, 12}}) {
    Case it(R"(["mc-1.test:11211"])", "dns_refresh = \"10s\"\n");
    it.world.chance = static_cast<std::uint64_t>(chance);
    it.answer(mc1, {"10.0.0.1:11211"});
    CHECK(it.asked_within(second * 1s, {"10.0.0.1:11211"}) == 0);
    CHECK(it.asked_within(20ms, {"10.0.0.1:11211"}) == 1);
  }
}

TEST_CASE("a changed address goes to the board and to every worker, once") {
  Case it(R"(["mc-1.test:11211"])");
  it.answer(mc1, {"10.0.0.1:11211"});
  it.letters<worker::Relocate>(it.server(mc1));
  it.asked_within(61s, {"10.0.0.7:11211", "10.0.0.9:11211"});
  CHECK(it.address(mc1) == "10.0.0.7:11211");
  CHECK(it.lines.back() ==
        "server mc-1.test:11211 has moved from 10.0.0.1:11211 to 10.0.0.7:11211");
  CHECK(it.letters<worker::Relocate>(it.server(mc1)) == 1);
  it.asked_within(61s, {"10.0.0.5:11211", "10.0.0.7:11211"});
  CHECK(it.letters<worker::Relocate>(it.server(mc1)) == 0);
}

TEST_CASE("a dns_refresh that a reload makes shorter holds at once") {
  Case it(R"(["mc-1.test:11211"])", "dns_refresh = \"24h\"\n");
  it.answer(mc1, {"10.0.0.1:11211"});
  CHECK(it.asked_within(20s, {"10.0.0.1:11211"}) == 0);
  it.present = it.snapshot(R"(["mc-1.test:11211"])", "dns_refresh = \"5s\"\n");
  it.names.locate(*it.present);
  it.names.keep_only(*it.present);
  CHECK(it.asked_within(7s, {"10.0.0.1:11211"}) == 1);
}

TEST_CASE("a name that moves all the time costs two lines a minute") {
  Case it(R"(["mc-1.test:11211"])", "dns_refresh = \"1s\"\n");
  it.answer(mc1, {"10.0.0.1:11211"});
  for (int second = 0; second < 70; ++second) {
    const std::string host = second % 2 == 0 ? "10.0.0.2:11211" : "10.0.0.1:11211";
    it.asked_within(1300ms, {host});
    if (second == 40) CHECK(it.lines.size() == 2);
  }
  REQUIRE(it.lines.size() >= 3);
  CHECK(it.lines.size() <= 4);
  CHECK(it.lines[2].find("lines like this left out)") != std::string::npos);
}

TEST_CASE("a failed connection asks at once, but no name more than once a second") {
  Case it(R"(["mc-1.test:11211"])");
  it.answer(mc1, {"10.0.0.1:11211"});
  it.world.pass(30s);
  it.entry(mc1).doubt_address();
  CHECK(it.names.next() <= it.world.now() + 1s);
  it.names.step();
  CHECK(it.world.asked.size() == 1);
  it.answer(mc1, {"10.0.0.1:11211"});
  int asked = 0;
  for (int i = 0; i < 50; ++i) {
    it.entry(mc1).doubt_address();
    asked += it.asked_within(100ms, {"10.0.0.1:11211"});
  }
  CHECK(asked >= 4);
  CHECK(asked <= 5);
}

TEST_CASE("without an answer the address stays, and the log says so once") {
  Case it(R"(["mc-1.test:11211"])");
  it.answer(mc1, {"10.0.0.1:11211"});
  CHECK(it.asked_within(5min, {}) > 5);
  CHECK(it.address(mc1) == "10.0.0.1:11211");
  CHECK(it.lines.size() == 2);
  CHECK(it.lines.back() ==
        "server mc-1.test:11211 does not resolve; it stays at 10.0.0.1:11211 meanwhile");
}

TEST_CASE("no such name, three times running: the server is nowhere, and found again later") {
  Case it(R"(["mc-1.test:11211"])");
  it.answer(mc1, {"10.0.0.1:11211"});
  it.asked_within(61s + 5s + 4s, {}, true);
  CHECK(it.address(mc1) == "10.0.0.1:11211");
  it.asked_within(2s, {}, true);
  CHECK(it.address(mc1) == "");
  CHECK(it.entry(mc1).unresolvable());
  CHECK(it.lines.back() ==
        "server mc-1.test:11211 does not resolve, 3 times running; it is at 10.0.0.1:11211 no "
        "more, and asked for again");
  const auto lines = it.lines.size();
  it.asked_within(5min, {}, true);
  CHECK(it.lines.size() == lines);
  it.asked_within(16s, {"10.0.0.2:11211"});
  CHECK(it.address(mc1) == "10.0.0.2:11211");
  CHECK_FALSE(it.entry(mc1).unresolvable());
}

TEST_CASE("a name that several servers have is asked for once") {
  Case it(R"(["mc-1.test:11211"])", "[pool.other]\nservers = [\"mc-1.test:11211\"]\n");
  CHECK(it.world.asked.size() == 1);
  it.answer(mc1, {"10.0.0.1:11211"});
  CHECK(it.address(mc1) == "10.0.0.1:11211");
  CHECK(it.shared.board.address(it.server(mc1, "other")).text() == "10.0.0.1:11211");
}

TEST_CASE("a name that is known not to resolve is so for a server that bears it later") {
  Case it(R"(["mc-1.test:11211"])");
  it.answer(mc1, {}, true);
  CHECK(it.entry(mc1).unresolvable());
  const auto next =
      it.snapshot(R"(["mc-1.test:11211"])", "[pool.other]\nservers = [\"mc-1.test:11211\"]\n");
  it.names.locate(*next);
  CHECK(it.shared.board.entry(next->pool("other")->servers[0].id).unresolvable());
}

TEST_CASE("over a reload servers that stay keep address and time, others are forgotten") {
  Case it(R"(["mc-1.test:11211", "mc-2.test:11211"])");
  it.answer(mc1, {"10.0.0.1:11211"});
  it.answer(mc2, {"10.0.0.2:11211"});
  it.world.pass(50s);
  const auto next = it.snapshot(R"(["mc-1.test:11211", "mc-3.test:11211"])");
  it.names.locate(*next);
  it.names.keep_only(*next);
  it.names.step();
  CHECK(it.world.asked == std::vector<std::string>{"mc-3.test:11211"});
  CHECK(it.address(mc1) == "10.0.0.1:11211");
  it.answer("mc-3.test:11211", {"10.0.0.3:11211"});
  CHECK(it.asked_within(10s, {"10.0.0.1:11211"}) == 0);
  CHECK(it.asked_within(20ms, {"10.0.0.1:11211"}) == 1);
}

TEST_CASE("an answer for a name that was forgotten changes nothing") {
  Case it(R"(["mc-1.test:11211", "10.0.0.9:1"])");
  it.names.keep_only(*it.snapshot(R"(["10.0.0.9:1"])"));
  it.answer(mc1, {"10.0.0.1:11211"});
  CHECK(it.address(mc1) == "");
  CHECK(it.names.next() == never);
}

}  // namespace
}  // namespace ringway::reload
