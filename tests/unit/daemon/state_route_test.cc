// The action that sets one server's state: what it takes, and what it says otherwise.
#include "daemon/state_route.h"

#include "../reload/fixture.h"

namespace ringway::cli {
namespace {

using config::ServerState;

struct Case : reload::Surroundings {
  Case() : control(loaded(), shared, world), route(state_route(control)) {}

  static config::Config loaded() {
    const std::string toml =
        "[listener.l]\nbind = \"127.0.0.1:1\"\nroute = \"web\"\n"
        "[pool.web]\nservers = [\"10.0.0.1:1:1 a\", \"10.0.0.2:1:1 b\"]\n"
        "[pool.other]\nservers = [\"10.0.0.1:1:1 a\"]\n";
    return *config::load_text(toml, "a", [](std::string_view) { return std::nullopt; }).config;
  }
  admin::HttpAnswer post(const std::string& pool, const std::string& server,
                         admin::HttpFields query, const std::string& body = "") {
    admin::HttpRequest request{.method = "POST",
                               .path = "/",
                               .headers = {},
                               .query = query,
                               .captures = {{"pool", pool}, {"server", server}},
                               .body = body};
    return route.answer(request);
  }
  std::optional<ServerState> by_hand(const std::string& address, const std::string& pool) {
    return shared.board.hand_state(shared.board.id_of({pool, address, ""}));
  }

  reload::Control control;
  admin::HttpRoute route;
};

TEST_CASE("a state is taken from the query or the body, for that server alone") {
  Case it;
  const auto answer = it.post("web", "b", {{"state", "drain"}});
  CHECK(answer.status == 200);
  CHECK(answer.body == "server b (10.0.0.2:1) of pool web: state drain until it is set to auto\n");
  CHECK(it.by_hand("10.0.0.2:1", "web") == ServerState::drain);
  CHECK(it.post("web", "a", {}, "state=maintenance").status == 200);
  CHECK(it.by_hand("10.0.0.1:1", "web") == ServerState::maintenance);
  CHECK(it.by_hand("10.0.0.1:1", "other") == std::nullopt);
  CHECK(it.post("web", "10.0.0.1:1", {}, "up\n").status == 200);
  CHECK(it.by_hand("10.0.0.1:1", "web") == ServerState::up);
}

TEST_CASE("auto gives it back to the file") {
  Case it;
  it.post("web", "b", {{"state", "drain"}});
  const auto answer = it.post("web", "b", {{"state", "auto"}});
  CHECK(answer.body == "server b (10.0.0.2:1) of pool web: state auto, as the file has it\n");
  CHECK(it.by_hand("10.0.0.2:1", "web") == std::nullopt);
}

TEST_CASE("names that there are not are told together with those that there are") {
  Case it;
  const auto no_pool = it.post("wep", "a", {{"state", "up"}});
  CHECK(no_pool.status == 404);
  CHECK(no_pool.body == "no pool 'wep'; there are: web, other\n");
  const auto no_server = it.post("web", "c", {{"state", "up"}});
  CHECK(no_server.status == 404);
  CHECK(no_server.body == "pool 'web' has no server 'c'; there are: a, b\n");
}

TEST_CASE("a state that there is not is refused with those that there are") {
  Case it;
  for (const char* wrong : {"", "down", "UP", "state"}) {
    const auto answer = it.post("web", "a", {}, wrong);
    CHECK(answer.status == 400);
    CHECK(answer.body == "no state '" + std::string(wrong) +
                             "': write state=up, state=drain, state=maintenance or state=auto\n");
  }
  CHECK(it.by_hand("10.0.0.1:1", "web") == std::nullopt);
}

}  // namespace
}  // namespace ringway::cli
