// The table of commands: every word finds its row, no other word does.
#include "ringway/proto/memcached/command.h"

#include <doctest/doctest.h>
#include <string>

namespace ringway::proto::memcached {
namespace {

TEST_CASE("every command is found by its name, and by nothing like it") {
  for (const CommandRow& row : commands()) {
    const std::string name(row.name);
    CAPTURE(name);
    CHECK(find_command(name) == &row);
    CHECK(find_command(name + "x") == nullptr);
    CHECK(find_command(std::string(name).replace(0, 1, "X")) == nullptr);
    CHECK(row.usage.starts_with(name));
  }
}

TEST_CASE("what is no word of memcached finds nothing") {
  for (const Bytes word : {"", "g", "m", "GET", "mx", "bget", "\xff\xff", "shutdown"}) {
    CHECK(find_command(word) == nullptr);
  }
}

TEST_CASE("what memcached has always had every server knows, and what came later some do not") {
  for (const Command command :
       {Command::get, Command::gets, Command::set, Command::cas, Command::incr, Command::delete_,
        Command::version, Command::flush_all}) {
    CHECK_FALSE(may_be_unknown(command));
  }
  for (const Command command : {Command::mg, Command::ms, Command::md, Command::ma, Command::me,
                                Command::touch, Command::gat, Command::gats}) {
    CHECK(may_be_unknown(command));
  }
}

TEST_CASE("rows are indexed by their command") {
  CHECK(row(Command::delete_).name == "delete");
  CHECK(row(Command::flush_all).effect == Effect::broadcast);
  CHECK(commands().size() == command_count);
}

}  // namespace
}  // namespace ringway::proto::memcached
