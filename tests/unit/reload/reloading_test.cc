// Reloads on a world that a test holds in its hands: work that hangs, threads that do not
// begin, files that change back. Whole reloads under traffic are the simulator's.
#include "reload/reloading.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "configurations.h"
#include "fixture.h"

namespace ringway::reload {
namespace {

// A process without workers: they have switched as soon as they are told to.
class Reloaded {
 public:
  explicit Reloaded(const std::string& toml) {
    log::set_sink([this](log::Level, std::string_view line) { lines.emplace_back(line); });
    const auto written = std::make_shared<const config::Config>(loaded(toml));
    const snapshot::Identities identities{
        .server = [this](const pool::ServerIdentity& one) { return shared.board.id_of(one); },
        .listener = [](const std::string&) { return snapshot::ListenerId{0}; }};
    const std::string hash = config::fingerprint(*written);
    notice.put({.started = written,
                .written = written,
                .snapshot = snapshot::build(*written, 1, identities),
                .file_hash = hash,
                .fingerprint = hash});
  }
  ~Reloaded() { log::set_sink({}); }

  void write(const std::string& toml, std::uint64_t content) {
    world.written = {.config = loaded(toml), .problems = {}, .content = content};
  }
  // What is due is done, and a worker would follow.
  void follow() {
    for (int i = 0; i < 3; ++i) {
      reloading.step();
      for (const worker::Letter& letter : shared.mailboxes[0]->take()) {
        if (const auto* adopt = std::get_if<worker::Adopt>(&letter)) {
          shared.reports[0]->generation = adopt->snapshot->generation;
        }
        if (std::holds_alternative<worker::Listen>(letter)) shared.reports[0]->listens.fetch_add(1);
      }
    }
  }
  static bool answered(const std::future<Outcome>& outcome) {
    return outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  testing::AsleepIo io;
  worker::Shared shared{{&io}};
  FakeWorld world;
  Published notice;
  Listeners listeners{shared, world};
  States states{shared};
  Names names{shared, world};
  Reloading reloading{shared, world, notice, {listeners, states, names}};
  std::vector<std::string> lines;  // Of the log.
};

TEST_CASE("whoever asked is told of the end, though what is being prepared hangs") {
  Reloaded process{web(1, 3)};
  process.world.hangs = true;
  auto first = process.reloading.order(false);
  process.reloading.step();
  auto second = process.reloading.order(false);
  CHECK_FALSE(process.answered(first));
  process.reloading.end();
  REQUIRE(process.answered(first));
  REQUIRE(process.answered(second));
  CHECK(first.get().ending == Ending::stopping);
  CHECK(second.get().ending == Ending::stopping);
  CHECK(process.reloading.busy());
  process.world.finish();
  process.reloading.step();
  CHECK_FALSE(process.reloading.busy());
}

TEST_CASE("a reload for whose servers no ids are left fails, and says what helps") {
  Reloaded process{web(1, 3)};
  for (std::uint32_t i = 0; process.shared.board.size() + 3 < proxy::Board::servers_max; ++i) {
    process.shared.board.id_of({"leaving", std::to_string(i), ""});
  }
  process.write(web(1, 4), 2);
  auto asked = process.reloading.order(true);
  process.reloading.step();
  process.reloading.step();
  REQUIRE(process.answered(asked));
  const Outcome outcome = asked.get();
  CHECK(outcome.ending == Ending::failed);
  CHECK(outcome.text.find("more than 262144 servers, with those that are still leaving") !=
        outcome.text.npos);
  CHECK(process.notice.get().snapshot->generation == 1);
}

TEST_CASE("without a thread or without memory a reload fails, and the next one may not") {
  Reloaded process{web(1, 3)};
  process.write(web(1, 3), 1);
  const auto outcome = [&] {
    auto asked = process.reloading.order(false);
    process.reloading.step();
    process.reloading.step();
    REQUIRE(process.answered(asked));
    return asked.get();
  };
  process.world.threads = false;
  CHECK(outcome().text == "cannot start a thread: there is none\n");
  process.world.threads = true;
  process.world.memory = false;
  CHECK(outcome().text == "failed: std::bad_alloc\n");
  process.world.memory = true;
  CHECK(outcome().ending == Ending::unchanged);
}

TEST_CASE("a change is believed when two looks in a row see it, not when it comes and goes") {
  Reloaded process{web(1, 3, "[reload]\nwatch = \"1s\"\n")};
  process.reloading.start(1);
  const auto look = [&](std::uint64_t content) {
    process.write(web(1, 3, "[reload]\nwatch = \"1s\"\n"), content);
    process.world.pass(std::chrono::seconds(1));
    process.reloading.step();
    process.reloading.step();
    return process.reloading.begun();
  };
  CHECK(look(2) == 0);
  CHECK(look(1) == 0);
  CHECK(look(2) == 0);
  CHECK(look(2) == 1);
}

TEST_CASE("what the file names is read again by a reload whose file is right, not by a look") {
  const std::string watch = "[reload]\nwatch = \"1s\"\n";
  Reloaded process{web(1, 3, watch)};
  process.reloading.start(1);
  process.write(web(1, 3, watch), 1);
  process.world.pass(std::chrono::seconds(1));
  for (int i = 0; i < 3; ++i) process.reloading.step();
  CHECK(process.world.read_again_count == 0);
  const auto reload = [&] {
    auto asked = process.reloading.order(false);
    for (int i = 0; i < 3; ++i) process.reloading.step();
    return asked.get().ending;
  };
  CHECK(reload() == Ending::unchanged);
  CHECK(process.world.read_again_count == 1);
  process.world.written = {};
  CHECK(reload() == Ending::failed);
  CHECK(process.world.read_again_count == 1);
}

TEST_CASE("a look for changes that fails is no change") {
  Reloaded process{web(1, 3, "[reload]\nwatch = \"1s\"\n")};
  process.write(web(1, 4), 2);
  process.reloading.start(1);
  process.world.memory = false;
  for (int look = 0; look < 4; ++look) {
    process.world.pass(std::chrono::seconds(1));
    process.reloading.step();
    process.reloading.step();
  }
  process.world.threads = false;
  process.world.pass(std::chrono::seconds(1));
  process.reloading.step();
  process.reloading.step();
  CHECK(process.reloading.begun() == 0);
}

TEST_CASE("what is scheduled and fails at its time is counted once, however often it is tried") {
  Reloaded process{web(1, 3)};
  // The world begins 100 hours after 1970 did.
  const auto at = [](const std::string& time) {
    return "[reload]\napply_at = 1970-01-05T" + time + "Z\n";
  };
  const auto failures = [&] {
    const std::string told = process.shared.registry.exposition();
    const std::string name = "\nringway_config_reload_failures_total ";
    return told.substr(told.find(name) + name.size(), 2);
  };
  const auto reload = [&](const std::string& toml) {
    process.write(toml, 2);
    process.world.addresses = true;
    auto asked = process.reloading.order(false);
    process.reloading.step();
    process.reloading.step();
    REQUIRE(asked.get().ending == Ending::scheduled);
    process.world.addresses = false;
  };
  const auto try_it = [&](Duration pause) {
    process.world.pass(pause);
    process.reloading.step();
    process.reloading.step();
  };
  reload(web(1, 4, at("04:01:00")));
  CHECK(failures() == "0\n");
  try_it(std::chrono::seconds(60));
  CHECK(failures() == "1\n");
  for (int n = 0; n < 3; ++n) try_it(Reloading::try_again);
  CHECK(process.reloading.begun() == 5);
  CHECK(failures() == "1\n");
  reload(web(1, 5, at("04:03:00")));
  try_it(std::chrono::seconds(120));
  CHECK(failures() == "2\n");
}

TEST_CASE("the watch tries again what failed for a reason outside the file, and counts it once") {
  const std::string watch = "[reload]\nwatch = \"1s\"\n";
  Reloaded process{web(1, 3, watch)};
  process.reloading.start(1);
  const auto wait = [&] {
    process.world.pass(std::chrono::seconds(1));
    for (int i = 0; i < 3; ++i) process.reloading.step();
  };
  const auto told = [&](std::string_view what) {
    return std::ranges::count_if(
        process.lines, [&](const std::string& line) { return line.find(what) != line.npos; });
  };
  const auto failures = [&](const char* count) {
    const std::string name = "\nringway_config_reload_failures_total ";
    return process.shared.registry.exposition().find(name + count + "\n") != std::string::npos;
  };
  process.world.addresses = false;
  process.write(web(1, 3, watch) + listener("new", "\"127.0.0.1:7\""), 2);
  for (int i = 0; i < 6; ++i) wait();
  CHECK(process.reloading.begun() >= 4);
  CHECK(told("[listener.new] bind: another program listens there") == 1);
  CHECK(failures("1"));
  // Whoever asks by hand is told, and that is another failure.
  auto asked = process.reloading.order(false);
  process.reloading.step();
  process.reloading.step();
  CHECK(asked.get().ending == Ending::failed);
  CHECK(failures("2"));
  process.world.addresses = true;
  wait();
  CHECK(process.notice.get().snapshot->generation == 2);
  process.listeners.close();
}

TEST_CASE("the watch repeats that keys may move for the content alone that was accepted") {
  const std::string watch = "[reload]\nwatch = \"1s\"\n";
  const std::string more = watch + listener("new", "\"127.0.0.1:7\"");
  for (const bool changed : {false, true}) {
    Reloaded process{web(1, 3, watch)};
    process.reloading.start(1);
    const auto work = [&] {
      process.world.finish();
      process.reloading.step();
    };
    process.world.hangs = true;
    process.world.addresses = false;
    process.write(web(11, 13, more), 2);
    auto asked = process.reloading.order(true);
    process.reloading.step();
    work();
    REQUIRE(asked.get().ending == Ending::failed);
    process.world.addresses = true;
    process.world.pass(std::chrono::seconds(1));
    process.reloading.step();
    work();  // It has looked, and tries again.
    if (changed) process.write(web(21, 23, more), 3);
    REQUIRE(process.world.working());
    work();
    CHECK(process.notice.get().snapshot->generation == (changed ? 1 : 2));
    const auto refused = std::ranges::count_if(
        process.lines, [](const std::string& line) { return line.find("refused: ") != line.npos; });
    CHECK(refused == (changed ? 1 : 0));
    process.listeners.close();
  }
}

TEST_CASE("the watch leaves alone what is wrong in the file") {
  const std::string watch = "[reload]\nwatch = \"1s\"\n";
  Reloaded process{web(1, 3, watch)};
  process.reloading.start(1);
  process.write(web(11, 13, watch), 2);
  for (int i = 0; i < 6; ++i) {
    process.world.pass(std::chrono::seconds(1));
    for (int j = 0; j < 3; ++j) process.reloading.step();
  }
  CHECK(process.reloading.begun() == 1);  // Refused.
}

TEST_CASE("what was to apply at a second that is past applies at once") {
  Reloaded process{web(1, 3)};
  // The world begins 100 hours after 1970 did, to the second.
  std::uint64_t generation = 1;
  for (const char* time : {"1970-01-05T04:00:00Z", "1970-01-05T03:59:59Z"}) {
    const std::string at = std::string("[reload]\napply_at = ") + time + "\n";
    process.write(web(1, generation == 1 ? 4 : 5, at), generation + 1);
    auto asked = process.reloading.order(false);
    process.follow();
    REQUIRE(process.answered(asked));
    CHECK(asked.get().ending == Ending::done);
    CHECK(process.notice.get().snapshot->generation == ++generation);
    CHECK(process.reloading.applies_at() == 0);
  }
  process.listeners.close();
}

TEST_CASE("names of servers are asked for when their time is set, and known when it comes") {
  Reloaded process{web(1, 3)};
  const std::string later = "[reload]\napply_at = 1970-01-05T05:00:00Z\n";
  process.write(web(1, 3, later) + "[pool.new]\nservers = [\"mc.test:11211\"]\n", 2);
  auto asked = process.reloading.order(false);
  process.follow();
  REQUIRE(asked.get().ending == Ending::scheduled);
  process.names.step();
  REQUIRE(process.world.asked == std::vector<std::string>{"mc.test:11211"});
  process.world.answers.push_back(
      {"mc.test:11211", {.addresses = {*net::Address::parse("10.0.0.7:11211")}}});
  process.names.step();
  process.world.pass(std::chrono::hours(1));
  process.follow();
  CHECK(process.notice.get().snapshot->generation == 2);
  const auto server = process.shared.board.id_of({"new", "mc.test:11211", ""});
  CHECK(process.shared.board.address(server).text() == "10.0.0.7:11211");
  process.listeners.close();
}

TEST_CASE("names that only waited for their time are forgotten with what is dropped") {
  Reloaded process{web(1, 3)};
  const std::string later = "[reload]\napply_at = 1970-01-05T05:00:00Z\n";
  process.write(web(1, 3, later) + "[pool.new]\nservers = [\"mc.test:11211\"]\n", 2);
  auto asked = process.reloading.order(false);
  process.follow();
  CHECK(process.names.next() < never);
  process.write(web(1, 4, later), 3);
  asked = process.reloading.order(false);
  process.follow();
  CHECK(asked.get().ending == Ending::scheduled);
  CHECK(process.names.next() == never);
  process.write(web(1, 4), 4);
  asked = process.reloading.order(false);
  process.follow();
  CHECK(asked.get().ending == Ending::done);
  CHECK(process.names.next() == never);
  process.listeners.close();
}

TEST_CASE("what waits for its time is not dropped by reading it once more") {
  Reloaded process{web(1, 3)};
  const auto reload = [&](const std::string& at, std::uint64_t content) {
    process.write(web(1, 4) + "[reload]\napply_at = " + at + "\n", content);
    auto asked = process.reloading.order(false);
    process.reloading.step();
    process.reloading.step();
    CHECK(asked.get().ending == Ending::scheduled);
    return std::ranges::count_if(process.lines, [](const std::string& line) {
      return line.find("is dropped") != line.npos;
    });
  };
  CHECK(reload("2026-01-05T06:00:00Z", 2) == 0);
  CHECK(reload("2026-01-05T06:00:00Z", 3) == 0);
  CHECK(reload("2026-01-05T07:00:00Z", 4) == 1);
}

}  // namespace
}  // namespace ringway::reload
