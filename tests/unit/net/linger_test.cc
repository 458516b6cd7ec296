// When waiting for several completions pays, by what traffic of several kinds shows.
#include "net/linger.h"

#include <doctest/doctest.h>
#include <functional>

namespace ringway::net {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t busy = 50;

Duration cpu_had{};
Duration cpu() {
  return cpu_had;
}

// What one sleep is like, and what follows it.
struct Turn {
  Duration time{};
  Duration on_cpu{};
  std::uint64_t answered = 0;
  std::uint32_t in_flight = busy;
};
using Traffic = std::function<Turn(bool lingers)>;

struct Sleeper {
  Linger linger{&cpu};
  Instant now{100s};
  std::uint64_t answered = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t lingered = 0;
  std::uint32_t in_flight = busy;

  void run(Duration time, const Traffic& traffic) {
    for (const Instant end = now + time; now < end;) {
      const bool lingers = linger.wanted(now, in_flight, answered) > 1;
      const Turn turn = traffic(lingers);
      ++sleeps;
      lingered += lingers ? 1 : 0;
      now += turn.time;
      cpu_had += turn.on_cpu;
      answered += turn.answered;
      in_flight = turn.in_flight;
    }
  }
};

// Others are what limits all: fuller sends leave them more time.
Turn others_are_busy(bool lingers) {
  return lingers ? Turn{200us, 60us, 12} : Turn{100us, 50us, 5};
}
// All of them wait for us.
Turn others_wait(bool lingers) {
  return lingers ? Turn{200us, 60us, 10} : Turn{100us, 40us, 6};
}
// As much is answered either way, and as soon, but with fewer sleeps.
Turn as_much_for_less(bool lingers) {
  return lingers ? Turn{200us, 60us, 10} : Turn{100us, 50us, 5};
}
// Whatever we do so much is asked; who lingers lets it wait.
Turn asked_at_a_rate(bool lingers) {
  return lingers ? Turn{200us, 60us, 10, 70} : Turn{100us, 50us, 5, 40};
}

TEST_CASE("the first sleeps do not linger, those of the next phase try it") {
  Sleeper sleeper;
  sleeper.run(Linger::phase, others_wait);
  CHECK(sleeper.lingered == 0);
  sleeper.run(Linger::phase, others_wait);
  CHECK(sleeper.lingered > 0);
}

TEST_CASE("what is better goes on after some trials, and trials become rare") {
  struct Row {
    const char* what;
    Traffic traffic;
    bool lingers;
  };
  const Row rows[] = {
      {"more is answered", others_are_busy, true},
      {"less is answered", others_wait, false},
      {"as much for less CPU", as_much_for_less, true},
      {"as much for less CPU, but later", asked_at_a_rate, false},
      {"nothing changes",
       [](bool) {
         return Turn{100us, 50us, 5};
       },
       false},
      {"a little more is answered for much more CPU",
       [](bool lingers) {
         return Turn{100us, lingers ? 80us : 50us, 5};
       },
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Sleeper sleeper;
    sleeper.run(10s, row.traffic);
    CHECK(sleeper.linger.lingers() == row.lingers);
    sleeper.sleeps = sleeper.lingered = 0;
    sleeper.run(20s, row.traffic);
    const double share =
        static_cast<double>(sleeper.lingered) / static_cast<double>(sleeper.sleeps);
    CHECK(row.lingers == (share > 0.9));
    CHECK(row.lingers == (share > 0.1));
  }
}

TEST_CASE("it changes its mind with the traffic") {
  Sleeper sleeper;
  sleeper.run(10s, others_are_busy);
  REQUIRE(sleeper.linger.lingers());
  sleeper.run(15s, others_wait);
  CHECK_FALSE(sleeper.linger.lingers());
  sleeper.run(15s, others_are_busy);
  CHECK(sleeper.linger.lingers());
}

TEST_CASE("one odd phase among many is chance") {
  Sleeper sleeper;
  std::uint64_t turns = 0;
  sleeper.run(20s, [&](bool lingers) {
    const bool odd = lingers && ++turns % 1000 < 20;
    return odd ? Turn{100us, 50us, 50} : others_wait(lingers);
  });
  CHECK_FALSE(sleeper.linger.lingers());
}

TEST_CASE("with few replies expected no sleep lingers") {
  Sleeper sleeper;
  sleeper.in_flight = Linger::in_flight_min - 1;
  sleeper.run(5s, [](bool lingers) {
    Turn turn = others_are_busy(lingers);
    turn.in_flight = Linger::in_flight_min - 1;
    return turn;
  });
  CHECK(sleeper.lingered == 0);
}

TEST_CASE("a lingering sleep waits for half of what is expected, within a limit") {
  Sleeper sleeper;
  sleeper.run(10s, others_are_busy);
  REQUIRE(sleeper.linger.lingers());
  CHECK(sleeper.linger.wanted(sleeper.now, busy, sleeper.answered) == busy / 2);
  CHECK(sleeper.linger.wanted(sleeper.now, 1000, sleeper.answered) == Linger::completions_max);
}

}  // namespace
}  // namespace ringway::net
