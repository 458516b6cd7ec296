// What may be asked again after its connection ended, one reason against it at a time.
#include "exchange/retry_rules.h"

#include <doctest/doctest.h>
#include <functional>

#include "exchange/deadlines.h"

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Instant now{10s};

// Was asked on a connection that has ended, and nothing of its reply has come.
struct Asked {
  Asked() {
    exchange.client = &client;
    exchange.first.exchange = &exchange;
    exchange.first.state = FragmentState::asked;
  }
  ~Asked() {
    exchange.deadline_link.leave();
    exchange.first.stash.clear(buffers);
  }

  net::BufferPool buffers;
  Deadlines deadlines;
  ClientConn client{{0, 0}, -1, 0};
  Gather gather;
  Exchange exchange;
};

struct Row {
  const char* what;
  bool again;
  std::function<void(Asked&)> when;
};

const Row rows[] = {
    {"nothing speaks against it", true, [](Asked&) {}},
    {"a piece of its reply came", false, [](Asked& a) { a.exchange.first.begun = true; }},
    {"some of it waits for its turn", false, [](Asked& a) { a.exchange.stashed = 1; }},
    {"some of it is in the client's output", false, [](Asked& a) { a.exchange.direct = true; }},
    {"its time is over", false, [](Asked& a) { a.exchange.expired = true; }},
    {"it was late already", false, [](Asked& a) { a.exchange.first.late = true; }},
    {"it was answered", false, [](Asked& a) { a.exchange.first.state = FragmentState::settled; }},
    {"it waits for a full queue", false,
     [](Asked& a) { a.exchange.first.state = FragmentState::held; }},
    {"its client is going", false, [](Asked& a) { a.client.closing = true; }},
    {"one connection ended when it was next", true,
     [](Asked& a) { a.exchange.first.ended_on = 1; }},
    {"two in a row did: it may be what they end at", false,
     [](Asked& a) { a.exchange.first.ended_on = 2; }},
    {"it was asked again twice", true, [](Asked& a) { a.exchange.first.retries = 2; }},
    {"it was asked again three times", false, [](Asked& a) { a.exchange.first.retries = 3; }},
    {"there is time for an answer", true,
     [](Asked& a) { a.deadlines.add(a.exchange, now - 95ms, 100ms); }},
    {"there is too little time for an answer", false,
     [](Asked& a) { a.deadlines.add(a.exchange, now - 95ms - 1ns, 100ms); }},
    {"of several keys what other servers said counts for them alone", true,
     [](Asked& a) {
       a.exchange.gather = &a.gather;
       a.exchange.stashed = 100;
     }},
    {"of several keys its own server said something", false,
     [](Asked& a) {
       a.exchange.gather = &a.gather;
       a.exchange.first.stash.append(a.buffers, "VALUE");
     }},
};

TEST_CASE("what may be asked again after its connection ended") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Asked asked;
    row.when(asked);
    CHECK(may_ask_again(asked.exchange.first, now) == row.again);
  }
}

}  // namespace
}  // namespace ringway::proxy
