// Every memcached command that ringway knows, as rows of one table: the parser,
// the classes that routing decides by, and the documentation come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ringway/base/bytes.h"
#include "ringway/proto/request.h"

namespace ringway::proto::memcached {

enum class Command : std::uint8_t {
  // A line per kind.
  // clang-format off
  get, gets, gat, gats,
  set, add, replace, append, prepend, cas,
  delete_, incr, decr, touch,
  mg, ms, md, ma, mn, me,
  version, verbosity, quit, stats, flush_all,
  // clang-format on
};
inline constexpr std::size_t command_count = static_cast<std::size_t>(Command::flush_all) + 1;

struct CommandRow {
  Command command;
  std::string_view name;   // Lower case; commands are case-sensitive.
  Effect effect;           // Of ms and md the flags decide.
  bool meta;               // mg ms md ma mn me.
  bool payload;            // A data block follows the line.
  bool many_keys;          // get gets gat gats.
  bool noreply;            // The word is honoured.
  std::string_view usage;  // "set <key> <flags> <exptime> <bytes> [noreply]".
};

std::span<const CommandRow> commands();
const CommandRow& row(Command command);
// Younger than what every proxy and every old memcached speaks: some close the connection at it.
bool may_be_unknown(Command command);
// Null for a word that is no command.
const CommandRow* find_command(Bytes word);

}  // namespace ringway::proto::memcached
