// How pools and servers are told on the admin address, and what becomes a metric.
#include "daemon/pool_status.h"

#include <nlohmann/json.hpp>

#include "../reload/fixture.h"

namespace ringway::cli {
namespace {

using namespace std::chrono_literals;
using config::ServerState;
using metrics::BoardMetric;
using proxy::Standing;

constexpr const char* four =
    R"(["10.0.0.1:1:1 a", "10.0.0.2:1:1 b", "10.0.0.3:1:1 c", "10.0.0.4:1:1 d",
        { address = "10.0.0.9:1", name = "spare", backup = true }])";

struct Case : reload::Surroundings {
  Case() : present(snapshot(four)) {}
  pool::ServerId nth(std::size_t n) const { return present->pools[0]->servers[n].id; }
  void stand(std::size_t n, Standing standing) {
    shared.board.set_standing(nth(n), standing, "refused the connection", world.now());
  }
  nlohmann::json pool() { return pool_status(*present->pools[0], shared, world.now()); }

  std::unique_ptr<snapshot::Snapshot> present;
};

TEST_CASE("a pool tells how many of its servers are up, out, held and out by hand") {
  Case it;
  it.stand(0, Standing::ejected);
  it.stand(1, Standing::drained);
  const auto pool = it.pool();
  CHECK(pool["up"] == 2);
  CHECK(pool["out"] == 1);
  CHECK(pool["out_max"] == 2);
  CHECK(pool["held"] == 0);
  CHECK(pool["by_hand"] == 1);
  CHECK(pool["guard_reached"] == false);
}

TEST_CASE("the guard is reached when no more may leave, and while one is held") {
  Case it;
  it.stand(0, Standing::ejected);
  it.stand(1, Standing::unresolved);
  CHECK(it.pool()["guard_reached"] == true);
  it.stand(0, Standing::up);
  it.stand(1, Standing::held);
  CHECK(it.pool()["guard_reached"] == true);
}

TEST_CASE("a server tells its standing, why, for how long, and who stands in") {
  Case it;
  it.stand(2, Standing::ejected);
  it.shared.board.set_backup_of(it.nth(2), it.nth(4));
  it.world.pass(90s);
  const auto server = it.pool()["servers"][2];
  CHECK(server["standing"] == "ejected");
  CHECK(server["cause"] == "refused the connection");
  CHECK(server["standing_seconds"] == 90.0);
  CHECK(server["stand_in"] == "spare");
  CHECK(it.pool()["servers"][0]["stand_in"] == nullptr);
  CHECK(it.pool()["servers"][0]["standing_seconds"] == nullptr);
}

TEST_CASE("a server tells what is asked of it by file and by hand") {
  Case it;
  it.shared.board.set_hand_state(it.nth(0), ServerState::drain, it.world.now());
  it.world.pass(60s);
  CHECK(it.pool()["servers"][0]["state"] ==
        nlohmann::json{{"file", "up"}, {"by_hand", "drain"}, {"by_hand_seconds", 60.0}});
  CHECK(it.pool()["servers"][1]["state"]["by_hand"] == nullptr);
}

TEST_CASE("owed keys are told, and are metrics") {
  Case it;
  it.stand(0, Standing::ejected);
  const std::uint64_t room = 2 * (proxy::Owed::key_overhead_bytes + 2);
  for (const char* key : {"k1", "k2", "k3"}) it.shared.board.entry(it.nth(0)).owe(key, room);
  const auto server = it.pool()["servers"][0];
  CHECK(server["owed"] == 2);
  CHECK(server["owed_bytes"] == room);
  CHECK(server["owed_dropped"] == 1);
  const auto figures = board_figures(*it.present, it.shared.board);
  const auto& of = figures.at({"web", "a"});
  CHECK(of[BoardMetric::owed_keys].value() == 2);
  CHECK(of[BoardMetric::owed_bytes].value() == room);
  CHECK(of[BoardMetric::owed_dropped].value() == 1);
}

TEST_CASE("standings, unresolved names and states by hand are metrics of every server") {
  Case it;
  it.stand(1, Standing::held);
  it.shared.board.entry(it.nth(2)).set_unresolvable(true);
  it.shared.board.set_hand_state(it.nth(3), ServerState::up, it.world.now());
  const auto figures = board_figures(*it.present, it.shared.board);
  CHECK(figures.size() == 5);
  CHECK(figures.at({"web", "a"})[BoardMetric::standing].value() == 0);
  CHECK(figures.at({"web", "b"})[BoardMetric::standing].value() == 4);
  CHECK(figures.at({"web", "c"})[BoardMetric::unresolved].value() == 1);
  CHECK(figures.at({"web", "d"})[BoardMetric::by_hand].value() == 1);
  const std::string text = it.shared.registry.exposition(figures);
  CHECK(text.find("ringway_server_standing{pool=\"web\",server=\"b\"} 4\n") != text.npos);
}

TEST_CASE("the numbers of the metric are those that its help lists") {
  const std::string help(metrics::board_metrics()[0].help);
  for (const Standing standing : {Standing::up, Standing::joining, Standing::ejected,
                                  Standing::unresolved, Standing::held, Standing::drained}) {
    const auto number = std::to_string(static_cast<int>(standing));
    CHECK(help.find(" " + number + " " + std::string(word(standing))) != help.npos);
  }
}

}  // namespace
}  // namespace ringway::cli
