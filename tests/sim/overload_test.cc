// A server that is asked for more than it can do: what it does answer comes in time, and each of
// those who wait gets its share.
#include "sim/one_worker.h"

namespace ringway::sim {
namespace {

constexpr Duration pace = 200us;  // 5,000 a second.

TEST_CASE("a server of half the asked rate answers nearly all that it can do in time") {
  for (const std::uint32_t each : {1, 10, 100}) {
    CAPTURE(each);
    OneWorker test(pace);
    test.turns_per_check = 10;
    test.clients(100, each, pace * 50 * each);
    test.run_for(3s);
    const std::uint64_t before = test.served();
    test.run_for(5s);
    CHECK(test.served() - before >= 5s / pace * 9 / 10);
  }
}

TEST_CASE("each of those who wait gets its share of what the server answers") {
  for (const std::uint32_t count : {4, 20, 60}) {
    CAPTURE(count);
    OneWorker test(pace);
    test.turns_per_check = 10;
    test.clients(count, 200, pace * 100 * count);
    test.run_for(10s);
    for (const auto& asker : test.askers) CHECK(asker->served * 2 * count >= test.served());
  }
}

TEST_CASE("a server that keeps up answers everybody") {
  OneWorker test(pace);
  test.turns_per_check = 10;
  test.clients(50, 10, pace * 600);
  test.run_for(5s);
  for (const auto& asker : test.askers) CHECK(asker->refused == 0);
}

}  // namespace
}  // namespace ringway::sim
