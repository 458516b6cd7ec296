// What the head of a FIFO says of its server's pace, and when a server is silent.
#include "servers/pace.h"

#include <array>
#include <doctest/doctest.h>

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Instant now{100s};
constexpr Duration modest = 60ms;  // An eighth of a timeout,
constexpr Duration most = 250ms;   // and half of it.

// `count` requests, of which the head came `waited` ago, behind `before` others.
struct Queue {
  Queue(std::size_t count, Duration waited, std::uint32_t before = 0) {
    for (std::size_t i = 0; i < count; ++i) fifo.join(fragments[i]);
    fragments[0].queued_at = now - waited;
    fragments[0].queued_behind = before;
  }
  ~Queue() {
    while (!fifo.empty()) fifo.leave(nullptr);
  }

  std::array<Fragment, 16> fragments;
  Fifo fifo;
};

struct Row {
  const char* what;
  std::size_t count;
  Duration waited;
  std::uint32_t before;
  Duration expected;
  bool slow;
};

const Row rows[] = {
    {"nobody waits", 0, 0ms, 0, 0ms, false},
    {"the head has just come", 10, 1ms, 0, 10ms, false},
    {"one that takes 10 ms for each of ten", 10, 100ms, 9, 100ms, false},
    {"one that takes 30 ms for each of ten", 10, 90ms, 2, 300ms, true},
    {"the head alone has waited for half of the timeout", 1, 250ms, 9, 25ms, true},
    {"a little less", 1, 249ms, 9, 24900us, false},
    {"many wait, but the head tells nothing yet", 16, 60ms, 0, 960ms, false},
    {"many wait, and it tells something now", 16, 60ms + 1ns, 0, 16 * (60ms + 1ns), true},
};

TEST_CASE("a queue is full, too, when its server would answer the next request too late") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Queue queue(row.count, row.waited, row.before);
    CHECK(expected_wait(queue.fifo, now) == row.expected);
    CHECK(too_slow(queue.fifo, now, modest, most) == row.slow);
  }
}

struct Silence {
  const char* what;
  bool head_sent;
  std::uint64_t offered;
  std::uint64_t sent;
  Duration until;  // From now on, of one that has been quiet for 80 of 100 ms.
};

const Silence silences[] = {
    {"it was asked, and has not answered", true, 10, 10, 20ms},
    {"it has not taken all of what it is asked", false, 10, 5, 20ms},
    {"it owes nothing: from now on at the earliest", false, 10, 10, 100ms},
    {"it was never asked", false, 0, 0, 100ms},
    {"it was asked, and takes the next one slowly", true, 20, 15, 20ms},
};

TEST_CASE("a server is silent only since it owes something") {
  ServerLink link;
  for (const Silence& one : silences) {
    CAPTURE(one.what);
    ServerConn conn({0, 0}, link, 0);
    conn.quiet_since = now - 80ms;
    conn.head_sent = one.head_sent;
    conn.offered = one.offered;
    conn.sent = one.sent;
    CHECK(silent_at(conn, now, 100ms) == now + one.until);
  }
}

}  // namespace
}  // namespace ringway::proxy
