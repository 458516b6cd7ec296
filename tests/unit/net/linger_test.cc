// When waiting for several completions pays, as sentences.
#include "net/linger.h"

#include <doctest/doctest.h>

namespace ringway::net {
namespace {

constexpr std::uint32_t busy = 50;

// Sleeps that each bring so many completions; returns how many of them lingered.
std::uint32_t sleep_often(Linger& linger, std::uint32_t sleeps, std::uint32_t arrived,
                          std::uint32_t in_flight = busy) {
  std::uint32_t lingered = 0;
  for (std::uint32_t i = 0; i < sleeps; ++i) {
    lingered += linger.wanted(in_flight) > 1 ? 1 : 0;
    linger.woke(arrived);
  }
  return lingered;
}

TEST_CASE("The first sleeps are a trial: they end at their first completion") {
  Linger linger;
  CHECK(sleep_often(linger, Linger::trial_sleeps, 1) == 0);
}

TEST_CASE("Where replies trickle, sleeps linger until the next trial") {
  Linger linger;
  sleep_often(linger, Linger::trial_sleeps, 1);
  CHECK(sleep_often(linger, Linger::lingers_per_trial, 25) == Linger::lingers_per_trial);
  CHECK(sleep_often(linger, Linger::trial_sleeps, 1) == 0);
}

TEST_CASE("Where replies come in crowds no sleep lingers") {
  Linger linger;
  CHECK(sleep_often(linger, 5000, 3) == 0);
}

TEST_CASE("With few replies expected no sleep lingers") {
  Linger linger;
  CHECK(sleep_often(linger, 5000, 1, Linger::in_flight_min - 1) == 0);
}

TEST_CASE("A sleep that only our own sends ended says nothing") {
  Linger linger;
  CHECK(sleep_often(linger, 5000, 0) == 0);
}

TEST_CASE("One crowd among many single completions is still a trickle") {
  Linger linger;
  sleep_often(linger, 1, 200);
  sleep_often(linger, Linger::trial_sleeps - 1, 2);
  CHECK(linger.wanted(busy) > 1);
}

TEST_CASE("A lingering sleep waits for half of what is expected, within a limit") {
  Linger linger;
  sleep_often(linger, Linger::trial_sleeps, 1);
  CHECK(linger.wanted(busy) == busy / 2);
  CHECK(linger.wanted(1000) == Linger::completions_max);
}

}  // namespace
}  // namespace ringway::net
