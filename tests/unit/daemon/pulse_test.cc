// Which worker stands still, with looks and turns as a table would have them.
#include "daemon/pulse.h"

#include <doctest/doctest.h>

#include "../asleep_io.h"
#include "log/log.h"

namespace ringway::cli {
namespace {

using namespace std::chrono_literals;

class CountingIo final : public testing::AsleepIo {
 public:
  void wake() override { ++wakes; }
  int wakes = 0;
};

class TwoWorkers {
 public:
  TwoWorkers() {
    log::set_sink([this](log::Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~TwoWorkers() { log::set_sink({}); }

  void turn(std::uint32_t worker) {
    shared.registry.worker(worker)[metrics::WorkerMetric::turns].add();
  }

  // So many seconds, in which these workers turn whenever they are woken.
  void pass(int seconds, bool first_lives, bool second_lives) {
    for (int i = 0; i < seconds; ++i) {
      now += 1s;
      const int before[] = {first.wakes, second.wakes};
      pulse.look(now);
      if (first_lives && first.wakes > before[0]) turn(0);
      if (second_lives && second.wakes > before[1]) turn(1);
    }
  }

  std::string finding() const {
    std::string why_not;
    return pulse.beats(why_not) ? "" : why_not;
  }

  CountingIo first, second;
  worker::Shared shared{{&first, &second}};
  Pulse pulse{shared};
  Instant now{1h};
  std::vector<std::string> lines;
};

TEST_CASE("idle workers turn when they are woken, and are healthy") {
  TwoWorkers workers;
  workers.pass(60, true, true);
  CHECK(workers.finding().empty());
  CHECK(workers.lines.empty());
}

TEST_CASE("a worker that ends no turn for ten seconds is named, until it turns") {
  TwoWorkers workers;
  workers.pass(5, true, true);
  workers.pass(10, true, false);
  CHECK(workers.finding().empty());
  workers.pass(3, true, false);
  CHECK(workers.finding() == "worker 1 has ended no turn for 10s");
  REQUIRE(workers.lines.size() == 1);
  CHECK(workers.lines[0].find("worker 1") != std::string::npos);
  workers.turn(1);
  workers.pass(1, true, true);
  CHECK(workers.finding().empty());
  CHECK(workers.lines.size() == 2);
}

TEST_CASE("a busy worker is not woken") {
  TwoWorkers workers;
  for (int i = 0; i < 20; ++i) {
    workers.turn(0);
    workers.pass(1, true, true);
  }
  CHECK(workers.first.wakes <= 1);
}

TEST_CASE("a stall of the whole process is nobody's") {
  TwoWorkers workers;
  workers.pass(3, true, false);
  workers.now += 1h;
  workers.pass(1, true, false);
  CHECK(workers.finding().empty());
}

TEST_CASE("a worker that has stopped is not waited for") {
  TwoWorkers workers;
  workers.shared.reports[1]->stopped = true;
  workers.pass(30, true, false);
  CHECK(workers.finding().empty());
}

}  // namespace
}  // namespace ringway::cli
