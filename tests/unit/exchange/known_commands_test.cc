// What the ends of connections say: of a command, or of the server.
#include "exchange/known_commands.h"

#include <doctest/doctest.h>
#include <string>

#include "ringway/proto/dialect.h"

namespace ringway::proxy {
namespace {

using namespace std::chrono_literals;

proto::CommandId command(const char* line) {
  proto::ParsedRequest parsed;
  proto::find_dialect("memcached")->parse(line, {}, parsed);
  return parsed.request.command;
}

struct Row {
  const char* what;
  const char* steps;  // a: it is answered; e: a connection ends at it.
  const char* ends;   // Of each e: s of the server, c of the command, C once more.
};

const Row rows[] = {
    {"never answered: the command is to blame, the second time it is to be shunned", "ee", "cC"},
    {"and every time after that", "eeee", "cCCC"},
    {"answered before: the server is to blame", "ae", "s"},
    {"once only: an answer says nothing of the end after the next", "aee", "sc"},
    {"an answer in between makes all of it new", "eaeee", "cscC"},
    {"also after it was shunned", "eeae", "cCs"},
};

TEST_CASE("whom the end of a connection speaks against") {
  const proto::CommandId mg = command("mg key v\r\n");
  for (const Row& row : rows) {
    CAPTURE(row.what);
    KnownCommands commands;
    std::string ends;
    for (const char step : std::string(row.steps)) {
      if (step == 'a') {
        commands.on_answered(mg);
        continue;
      }
      switch (commands.on_end(mg)) {
        case KnownCommands::End::of_server: ends += 's'; break;
        case KnownCommands::End::of_command: ends += 'c'; break;
        case KnownCommands::End::once_more: ends += 'C'; break;
      }
    }
    CHECK(ends == row.ends);
  }
}

TEST_CASE("commands are told apart") {
  const proto::CommandId mg = command("mg key v\r\n");
  const proto::CommandId md = command("md key\r\n");
  KnownCommands commands;
  commands.on_answered(md);
  CHECK(commands.on_end(mg) == KnownCommands::End::of_command);
  CHECK(commands.on_end(md) == KnownCommands::End::of_server);
  CHECK(commands.on_end(mg) == KnownCommands::End::once_more);
}

TEST_CASE("what is shunned is so for its time, each time for longer, and until it is answered") {
  const proto::CommandId mg = command("mg key v\r\n");
  const proto::CommandId get = command("get key\r\n");
  const Instant start{100s};
  KnownCommands commands;
  CHECK_FALSE(commands.shuns(mg, start));
  commands.shun(mg, start, 1s, 10s, 500);
  CHECK(commands.shuns(mg));
  CHECK(commands.shuns(mg, start + 1s - 1ns));
  CHECK_FALSE(commands.shuns(mg, start + 1s));
  CHECK_FALSE(commands.shuns(get, start));
  commands.shun(mg, start + 1s, 1s, 10s, 500);
  CHECK(commands.shunned_until() == start + 3s);
  commands.on_end(mg);
  commands.on_answered(mg);
  CHECK_FALSE(commands.shuns(mg));
  commands.shun(mg, start, 1s, 10s, 500);
  CHECK(commands.shunned_until() == start + 1s);
}

}  // namespace
}  // namespace ringway::proxy
