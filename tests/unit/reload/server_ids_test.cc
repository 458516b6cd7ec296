// What is released after a reload, and what is not. Without workers everything has settled
// at once; that workers are waited for is the simulator's to show.
#include "reload/server_ids.h"

#include <doctest/doctest.h>

#include "configurations.h"

namespace ringway::reload {
namespace {

class Process {
 public:
  std::shared_ptr<const snapshot::Snapshot> built(const std::string& toml) {
    const snapshot::Identities identities{
        .server = [this](const pool::ServerIdentity& server) { return shared.board.id_of(server); },
        .listener = [](const std::string&) { return 0; }};
    return snapshot::build(loaded(toml), ++generation_, identities);
  }
  worker::Shared shared{std::vector<net::Io*>{}};
  ServerIds ids{shared};

 private:
  std::uint64_t generation_ = 0;
};

TEST_CASE("the ids of servers that are gone are released, those of the others stay") {
  Process process;
  auto before = process.built(web(1, 3));
  const auto after = process.built(web(2, 4));
  CHECK(process.shared.board.size() == 4);
  process.ids.switched(before, *after);
  before.reset();
  process.ids.release();
  CHECK(process.shared.board.size() == 3);
  CHECK(process.built(web(2, 4))->pools[0]->servers[0].id == after->pools[0]->servers[0].id);
}

TEST_CASE("a released id is used again, for somebody of whom nothing is known") {
  Process process;
  auto before = process.built(web(1, 2));
  const pool::ServerId stays = before->pools[0]->servers[0].id;
  const pool::ServerId gone = before->pools[0]->servers[1].id;
  process.shared.board.set_standing(gone, proxy::Standing::ejected, "was away");
  process.shared.board.set_hand_state(gone, config::ServerState::drain, Instant{});
  process.ids.switched(before, *process.built(web(1, 1)));
  before.reset();
  process.ids.release();
  const auto later = process.built(web(1, 1) + pool("new", 7, 7));
  CHECK(later->pools[0]->servers[0].id == stays);
  CHECK(later->pools[1]->servers[0].id == gone);
  CHECK(process.shared.board.standing(gone) == proxy::Standing::up);
  CHECK(process.shared.board.asked(gone) == config::ServerState::up);
  CHECK(process.shared.board.address(gone).empty());
}

TEST_CASE("the ids of what never comes into force are released, each once") {
  Process process;
  auto before = process.built(web(1, 3));
  const auto present = process.built(web(2, 3));
  process.ids.switched(before, *present);
  process.ids.given_up(*process.built(web(1, 4)), *present);
  process.ids.given_up(*process.built(web(1, 5)), *present);
  CHECK(process.shared.board.size() == 5);
  before.reset();
  process.ids.release();
  CHECK(process.shared.board.size() == 2);
  CHECK(process.built(web(2, 3))->pools[0]->servers[0].id == present->pools[0]->servers[0].id);
}

TEST_CASE("a server that comes back before it was released is as it was left") {
  Process process;
  auto before = process.built(web(1, 2));
  const pool::ServerId id = before->pools[0]->servers[1].id;
  process.shared.board.set_hand_state(id, config::ServerState::maintenance, Instant{});
  auto without = process.built(web(1, 1));
  process.ids.switched(before, *without);
  const auto again = process.built(web(1, 2));
  process.ids.switched(without, *again);
  before.reset();
  without.reset();
  process.ids.release();
  CHECK(again->pools[0]->servers[1].id == id);
  CHECK(process.shared.board.asked(id) == config::ServerState::maintenance);
}

TEST_CASE("the counters of a server that is gone end, those of a name that stays go on") {
  Process process;
  process.shared.registry.server(0, "web", "s1")[metrics::ServerMetric::requests].add(5);
  process.shared.registry.server(0, "web", "s2")[metrics::ServerMetric::requests].add(7);
  auto before = process.built(web(1, 2));
  process.ids.switched(before, *process.built(web(1, 1)));
  before.reset();
  process.ids.release();
  const auto total = [&](const std::string& server) {
    return process.shared.registry.total("web", server, metrics::ServerMetric::requests);
  };
  CHECK(total("s1") == 5);
  CHECK(total("s2") == 0);
}

TEST_CASE("an id stays while somebody looks at any snapshot that had it") {
  Process process;
  const auto looked_at = process.built(web(1, 3));
  auto between = process.built(web(1, 3, "timeout = \"5s\"\n"));
  process.ids.switched(looked_at, *between);
  process.ids.switched(between, *process.built(web(1, 2)));
  between.reset();
  process.ids.release();
  CHECK(process.shared.board.size() == 3);
  CHECK(process.ids.waiting() > 0);
}

TEST_CASE("a name whose counters are to end is waited for, though its id goes on") {
  Process process;
  auto before = process.built(web(1, 1));
  const std::string renamed =
      listener("web", "\"127.0.0.1:11311\"") + "[pool.web]\nservers = [\"10.0.0.1:11211:1 new\"]\n";
  process.ids.switched(before, *process.built(renamed));
  CHECK(process.ids.waiting() == 1);
  before.reset();
  process.ids.release();
  CHECK(process.ids.waiting() == 0);
}

}  // namespace
}  // namespace ringway::reload
