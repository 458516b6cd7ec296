// The line that tells what a reload changed, and what is left for a restart.
#include "reload/change_summary.h"

#include <doctest/doctest.h>

#include "configurations.h"
#include "reload/restart.h"

namespace ringway::reload {
namespace {

std::string told(const std::string& before, const std::string& after) {
  const config::Config was = loaded(before);
  const config::Config is = loaded(after);
  return change_summary(difference(was, is), needing_restart(was, is));
}

TEST_CASE("servers are counted, and so are the keys that move") {
  const std::string line = told(web(1, 3), web(1, 4));
  CHECK(line.find("pool web: 1 server added, ") == 0);
  CHECK(line.find("% of the keys move") != line.npos);
}

TEST_CASE("keys of a name that gets another machine are told to move") {
  std::string other = web(1, 3);
  other.replace(other.find("0.1:", other.find("servers")), 4, "9.1:");
  const std::string line = told(web(1, 3), other);
  CHECK(line.find("pool web: 1 server changed, 3") == 0);
  CHECK(line.find("no key moves") == line.npos);
}

TEST_CASE("settings are named") {
  CHECK(told(web(1, 3), web(1, 3, "timeout = \"1s\"\n")) == "pool web: timeout, no key moves");
  CHECK(told(web(1, 3), web(1, 3) + "[log]\nlevel = \"debug\"\n") == "[log] level");
}

TEST_CASE("pools and listeners come and go by name") {
  CHECK(told(web(1, 3) + pool("old", 4, 4), web(1, 3)) == "pool old removed");
  CHECK(told(web(1, 3), web(1, 3) + listener("side", "\"127.0.0.1:1\"")) ==
        "[listener.side] added");
}

TEST_CASE("what needs a restart is told, and kept") {
  const config::Config running = loaded(web(1, 3));
  const std::string changes =
      "[router]\nworkers = 4\ndrain_timeout = \"5s\"\n[metrics]\nbind = \"127.0.0.1:1\"\n";
  CHECK(told(web(1, 3), web(1, 3) + changes)
            .ends_with("left as it was until a restart: [router] workers, [metrics] bind"));
  config::Config next = loaded(web(1, 3) + changes);
  keep_until_restart(running, next);
  CHECK(next.router.workers == running.router.workers);
  CHECK(next.metrics.bind == running.metrics.bind);
  CHECK(next.router.drain_timeout == std::chrono::seconds(5));
}

}  // namespace
}  // namespace ringway::reload
