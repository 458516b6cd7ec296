// What becomes of listeners and their sockets in a reload.
#include "reload/listener_plan.h"

#include <doctest/doctest.h>

#include "configurations.h"

namespace ringway::reload {
namespace {

const std::string a = "\"127.0.0.1:1001\"";
const std::string b = "\"127.0.0.1:1002\"";
const std::string c = "\"127.0.0.1:1003\"";

// Configurations in a row, each planned from the state that the one before left.
class Story {
 public:
  ListenerPlan go_on(const std::string& listeners, bool has_clients = true) {
    config::Config config = loaded(listeners + pool("web", 1, 1) + pool("old", 2, 2));
    const ListenerPlan plan =
        listener_plan(snapshot_.get(), sockets_, config, [&](auto) { return has_clients; });
    const snapshot::Identities identities{
        .server = [](const auto&) { return pool::ServerId{0}; },
        .listener = [&](const std::string& name) { return plan.ids.at(name); }};
    snapshot_ = snapshot::build(std::move(config), ++generation_, identities, plan.retiring);
    sockets_ = plan.to_keep;
    for (const SocketToOpen& open : plan.to_open) {
      sockets_.push_back({open.bind, next_fd_++, open.listener});
    }
    return plan;
  }
  const snapshot::Snapshot& snapshot() const { return *snapshot_; }

 private:
  std::unique_ptr<snapshot::Snapshot> snapshot_;
  std::vector<OpenSocket> sockets_;
  std::uint64_t generation_ = 0;
  int next_fd_ = 10;
};

TEST_CASE("at the start everything is opened, with numbers from 0") {
  Story story;
  const ListenerPlan plan = story.go_on(listener("x", a + ", " + b) + listener("y", c));
  CHECK(plan.to_open.size() == 3);
  CHECK(plan.ids == std::map<std::string, snapshot::ListenerId>{{"x", 0}, {"y", 1}});
}

TEST_CASE("what stays keeps its number and its sockets") {
  Story story;
  story.go_on(listener("x", a));
  const ListenerPlan plan = story.go_on(listener("x", a, "old"));
  CHECK(plan.ids.at("x") == 0);
  CHECK(plan.to_open.empty());
  CHECK(plan.to_close.empty());
  REQUIRE(plan.to_keep.size() == 1);
  CHECK(plan.to_keep[0].fd == 10);
}

TEST_CASE("an address in another spelling is the same") {
  for (const auto& [was, is] : {std::pair{"127.0.0.1:1001", "127.0.0.1:01001"},
                                {"[::1]:1001", "[0:0:0:0:0:0:0:1]:01001"},
                                {"[2001:db8::a]:1", "[2001:DB8:0::000A]:1"},
                                {"unix:/run/a/web.sock", "unix:/run//a/./web.sock"},
                                {"/run/web.sock", "unix:/run/web.sock"}}) {
    CAPTURE(is);
    Story story;
    story.go_on(listener("x", "\"" + std::string(was) + "\""));
    const ListenerPlan plan = story.go_on(listener("renamed", "\"" + std::string(is) + "\""));
    CHECK(plan.ids.at("renamed") == 0);
    CHECK(plan.to_open.empty());
    CHECK(plan.to_close.empty());
    CHECK(plan.retiring.empty());
  }
}

TEST_CASE("what symbolic links may part is not taken for the same") {
  Story story;
  story.go_on(listener("x", "\"unix:/run/web.sock\""));
  CHECK(story.go_on(listener("x", "\"unix:/run/a/../web.sock\"")).to_open.size() == 1);
}

TEST_CASE("a socket that stays is adjusted to another backlog or mode, and only then") {
  Story story;
  story.go_on(listener("x", a));
  CHECK(story.go_on(listener("x", a, "old")).to_adjust.empty());
  const ListenerPlan plan = story.go_on(listener("x", a) + "backlog = 7\n");
  REQUIRE(plan.to_adjust.size() == 1);
  CHECK(plan.to_adjust[0].fd == 10);
  CHECK(plan.to_adjust[0].settings.backlog == 7);
  CHECK(plan.to_adjust[0].before.backlog != 7);
  CHECK(story.go_on(listener("x", a) + "backlog = 7\nmode = \"0600\"\n").to_adjust.size() == 1);
}

TEST_CASE("a listener that gets the name of one that retires stays what it is") {
  Story story;
  story.go_on(listener("x", a) + listener("y", b));
  story.go_on(listener("y", b));
  const ListenerPlan plan = story.go_on(listener("x", b));
  CHECK(plan.ids.at("x") == 1);
  REQUIRE(plan.retiring.size() == 1);
  CHECK(plan.retiring[0].id == 0);
}

TEST_CASE("sockets on any free port stay as many as they are") {
  Story story;
  const std::string any = "\"127.0.0.1:0\"";
  story.go_on(listener("x", any) + listener("y", any));
  const ListenerPlan plan = story.go_on(listener("x", any) + listener("y", any, "old"));
  REQUIRE(plan.to_keep.size() == 2);
  CHECK(plan.to_keep[0].fd != plan.to_keep[1].fd);
  CHECK(plan.to_close.empty());
}

TEST_CASE("of sockets on any free port each listener keeps its own") {
  Story story;
  const std::string any = "\"127.0.0.1:0\"";
  story.go_on(listener("x", any) + listener("y", any));
  const ListenerPlan more =
      story.go_on(listener("new", any) + listener("x", any) + listener("y", any));
  CHECK(more.to_open.size() == 1);
  CHECK(more.to_open[0].listener == more.ids.at("new"));
  const ListenerPlan less = story.go_on(listener("y", any));
  REQUIRE(less.to_keep.size() == 1);
  CHECK(less.to_keep[0].fd == 11);
  CHECK(less.to_close.size() == 2);
}

TEST_CASE("an address more or less of a listener opens and closes just that") {
  Story story;
  story.go_on(listener("x", a + ", " + b));
  const ListenerPlan plan = story.go_on(listener("x", b + ", " + c));
  REQUIRE(plan.to_open.size() == 1);
  CHECK("\"" + plan.to_open[0].bind + "\"" == c);
  REQUIRE(plan.to_close.size() == 1);
  CHECK("\"" + plan.to_close[0].bind + "\"" == a);
  CHECK(plan.retiring.empty());
}

TEST_CASE("a listener that takes over an address of one that is gone is that one, renamed") {
  Story story;
  story.go_on(listener("x", a));
  const ListenerPlan plan = story.go_on(listener("other", a));
  CHECK(plan.ids.at("other") == 0);
  CHECK(plan.to_open.empty());
  CHECK(plan.to_close.empty());
  CHECK(plan.retiring.empty());
}

TEST_CASE("names that are swapped leave clients where their address is") {
  Story story;
  story.go_on(listener("x", a) + listener("y", b, "old"));
  const ListenerPlan plan = story.go_on(listener("y", a) + listener("x", b, "old"));
  CHECK(plan.ids == std::map<std::string, snapshot::ListenerId>{{"y", 0}, {"x", 1}});
  CHECK(plan.retiring.empty());
}

TEST_CASE("in a chain of names each address stays who it is") {
  Story story;
  story.go_on(listener("x", a) + listener("y", b));
  const ListenerPlan plan = story.go_on(listener("y", a) + listener("z", b));
  CHECK(plan.ids == std::map<std::string, snapshot::ListenerId>{{"y", 0}, {"z", 1}});
  CHECK(plan.retiring.empty());
}

TEST_CASE("a listener that takes over the address of one that is gone leaves its own clients") {
  Story story;
  story.go_on(listener("gone", a) + listener("x", b));
  const ListenerPlan plan = story.go_on(listener("x", a));
  CHECK(plan.ids.at("x") == 0);
  REQUIRE(plan.retiring.size() == 1);
  CHECK(plan.retiring[0].id == 1);
}

TEST_CASE("a name stays where no address says who it was") {
  Story story;
  story.go_on(listener("x", a));
  const ListenerPlan plan = story.go_on(listener("x", b));
  CHECK(plan.ids.at("x") == 0);
  CHECK(plan.retiring.empty());
}

TEST_CASE("an address that goes from one listener to another stays open") {
  Story story;
  story.go_on(listener("x", a + ", " + b) + listener("y", c));
  const ListenerPlan plan = story.go_on(listener("x", a) + listener("y", b + ", " + c));
  CHECK(plan.to_open.empty());
  CHECK(plan.to_close.empty());
  for (const OpenSocket& socket : plan.to_keep) {
    if ("\"" + socket.bind + "\"" == b) CHECK(socket.listener == plan.ids.at("y"));
  }
}

TEST_CASE("a listener that is gone retires, with the pool that its route led to") {
  Story story;
  story.go_on(listener("x", a) + listener("gone", b, "old"));
  const ListenerPlan plan = story.go_on(listener("x", a));
  REQUIRE(plan.retiring.size() == 1);
  CHECK(plan.retiring[0].settings.name == "gone");
  CHECK(plan.retiring[0].pool.name == "old");
  const snapshot::Listener* retiring = story.snapshot().listener(plan.retiring[0].id);
  REQUIRE(retiring);
  CHECK(retiring->retiring);
  CHECK(retiring->route->pool().name() == "old");
}

TEST_CASE("one that retires is kept as long as it has clients, and no longer") {
  Story story;
  story.go_on(listener("x", a) + listener("gone", b));
  story.go_on(listener("x", a));
  CHECK(story.go_on(listener("x", a), true).retiring.size() == 1);
  CHECK(story.go_on(listener("x", a), false).retiring.empty());
}

TEST_CASE("one that comes back while it retires is itself again") {
  Story story;
  story.go_on(listener("x", a) + listener("back", b));
  story.go_on(listener("x", a));
  const ListenerPlan plan = story.go_on(listener("x", a) + listener("back", b));
  CHECK(plan.ids.at("back") == 1);
  CHECK(plan.retiring.empty());
  CHECK(plan.to_open.size() == 1);
}

TEST_CASE("a new listener never gets the number of one that retires") {
  Story story;
  story.go_on(listener("x", a) + listener("gone", b));
  story.go_on(listener("x", a));
  CHECK(story.go_on(listener("x", a) + listener("new", c)).ids.at("new") == 2);
}

TEST_CASE("numbers are used again") {
  Story story;
  story.go_on(listener("x", a) + listener("gone", b));
  story.go_on(listener("x", a));
  story.go_on(listener("x", a), false);
  CHECK(story.go_on(listener("x", a) + listener("new", c)).ids.at("new") == 1);
}

}  // namespace
}  // namespace ringway::reload
