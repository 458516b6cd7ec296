// Every message of the loader has a remedy and is fit for a terminal: the table of keys is walked
// with values of every wrong kind, and what no table knows is listed.
#include "ringway/base/plain_text.h"

#include "config/keys.h"
#include "config_test.h"

namespace ringway::config {
namespace {

std::size_t messages = 0;

void has_remedies(const std::string& toml) {
  for (const Problem& problem : load_text(toml, "a.toml", no_environment()).problems) {
    CHECK_MESSAGE(!problem.hint.empty(), text(problem));
    CHECK_MESSAGE(is_plain_text(line(problem)), line(problem));
    CHECK_MESSAGE(problem.hint != problem.what, line(problem));
    ++messages;
  }
}

constexpr const char* values[] = {"5",
                                  "-1",
                                  "0",
                                  "0.5",
                                  "true",
                                  "\"\"",
                                  "\"nonsense\"",
                                  "\"5\"",
                                  "\"5 sec\"",
                                  "\"yes\"",
                                  "\"99999999999d\"",
                                  "\"1ns\"",
                                  "\"101%\"",
                                  "\"10.0.0.1\"",
                                  "\"a b:1:x\"",
                                  "\"\\u001b[31m:1\"",
                                  "\"[::g]:1\"",
                                  "\"unix:run\"",
                                  "\"a:{5..1}\"",
                                  "\"${\"",
                                  "\"${NOPE}\"",
                                  "\"${a b}\"",
                                  "[]",
                                  "[5]",
                                  "{}",
                                  "{ a = 5 }",
                                  "1979-05-27",
                                  "1979-05-27T07:32:00Z"};

template <typename T>
void walk(const std::string& header) {
  for (const Key<T>& key : keys<T>()) {
    for (const char* value : values) {
      has_remedies(with_pool(header + std::string(key.name) + " = " + value + "\n"));
    }
  }
}

TEST_CASE("every key with every wrong value tells what to write") {
  walk<Router>("[router]\n");
  walk<Log>("[log]\n");
  walk<Metrics>("[metrics]\n");
  walk<Admin>("[admin]\n");
  walk<Reload>("[reload]\n");
  walk<Listener>("[listener.b]\n");
  walk<Listener>("[defaults.listener]\n");
  walk<Pool>("[pool.b]\n");
  walk<Pool>("[defaults.pool]\n");
  walk<Eject>("[pool.web.eject]\n");
  walk<Health>("[pool.web.health]\n");
  walk<Route>("[route.r]\n");
  for (const Key<Server>& key : keys<Server>()) {
    for (const char* value : values) {
      has_remedies(with_servers("[{ " + std::string(key.name) + " = " + value + " }]"));
      has_remedies(
          with_servers("[{ address = \"a:1\", " + std::string(key.name) + " = " + value + " }]"));
    }
  }
  for (const char* value : values) has_remedies(with_servers("[" + std::string(value) + "]"));
  CHECK(messages > 2000);
}

TEST_CASE("whatever else is wrong with a file tells what to write") {
  const std::string second = "[listener.b]\nroute = \"web\"\nbind = ";
  for (const std::string& toml :
       {std::string(),
        std::string("include = \"a\"\n"),
        std::string("pool = 5\n"),
        std::string("[pool]\nweb = 5\n"),
        std::string("defaults = 5\n"),
        with_pool("[roter]\n"),
        with_pool("[upstream.web]\n"),
        with_pool("[defaults.pol]\n"),
        with_pool("[defaults.pool]\nservers = [\"a:1\"]\n"),
        with_pool("elephant = 5\n"),
        with_pool("[pool.\"a b\"]\n"),
        with_pool("[pool.b]\n"),
        with_pool("eject = 5\n"),
        with_pool(second + "\"127.0.0.1:11311\"\n"),
        with_pool(second + "\"localhost:1\"\n"),
        with_pool("[listener.b]\n"),
        with_pool("[listener.b]\nroute = \"x\"\nbind = \"[::1]:1\"\n"),
        with_pool("[admin]\nbind = \"0.0.0.0:1\"\n"),
        with_pool("[defaults.listener]\nclient_output_max = \"1MiB\"\n"),
        with_pool("backoff_min = \"10s\"\n"),
        with_pool("protocol = \"redis\"\n"),
        with_pool("[route.web]\ntype = \"prefix\"\n"),
        with_pool("[route.r]\ntype = \"prefix\"\ndefault = \"nobody\"\nto = [\"x\"]\n"),
        with_servers("[\"a:1\", \"a:1\"]"),
        with_servers("[\"a:11211\", \"b:1 a\"]"),
        with_servers("[\"a:1:16777216\", \"b:1:1\"]"),
        with_servers("[\"a:{1..3} b{1..2}\"]"),
        with_servers("[{ address = \"a:1\", backup = true }]"),
        with_servers("[\"a:{0..99999}\"]"),
        with_servers("[\"" + std::string(2000, 'a') + ":1\"]"),
        with_servers("[\"a:1 " + std::string(300, 'n') + "\"]"),
        with_servers("[]\nservers_file = \"a\"")}) {
    const std::size_t before = messages;
    has_remedies(toml);
    CHECK_MESSAGE(messages > before, toml);
  }
}

TEST_CASE("a message names what it quotes without steering a terminal") {
  const auto told = problems(with_pool("\"\\u001b[31mred\" = 5\nzone = [\"\\n\"]\n"));
  CHECK(told.find("unknown key '\\x1b[31mred'") != told.npos);
  CHECK(text({{"a\x1b[0m.toml", 0, 0}, "two\nlines", "\xff", Severity::error}) ==
        "a\\x1b[0m.toml: error: two\\nlines\n  \\xff");
}

}  // namespace
}  // namespace ringway::config
