// The table of commands, and the way from a word to its row: a perfect hash of
// three bytes and the length, found when this file is compiled.
#include "ringway/proto/memcached/command.h"

#include <array>

#include "ringway/base/assert.h"

namespace ringway::proto::memcached {
namespace {

using enum Command;

constexpr std::array<CommandRow, command_count> table = {{
    // command, name, effect, meta, payload, many_keys, noreply, usage
    {get, "get", Effect::reads, false, false, true, false, "get <key>*"},
    {gets, "gets", Effect::reads, false, false, true, false, "gets <key>*"},
    {gat, "gat", Effect::touches, false, false, true, false, "gat <exptime> <key>*"},
    {gats, "gats", Effect::touches, false, false, true, false, "gats <exptime> <key>*"},
    {set, "set", Effect::stores, false, true, false, true,
     "set <key> <flags> <exptime> <bytes> [noreply]"},
    {add, "add", Effect::modifies, false, true, false, true,
     "add <key> <flags> <exptime> <bytes> [noreply]"},
    {replace, "replace", Effect::modifies, false, true, false, true,
     "replace <key> <flags> <exptime> <bytes> [noreply]"},
    {append, "append", Effect::modifies, false, true, false, true,
     "append <key> <flags> <exptime> <bytes> [noreply]"},
    {prepend, "prepend", Effect::modifies, false, true, false, true,
     "prepend <key> <flags> <exptime> <bytes> [noreply]"},
    {cas, "cas", Effect::modifies, false, true, false, true,
     "cas <key> <flags> <exptime> <bytes> <cas> [noreply]"},
    {delete_, "delete", Effect::removes, false, false, false, true, "delete <key> [0] [noreply]"},
    {incr, "incr", Effect::counts, false, false, false, true, "incr <key> <delta> [noreply]"},
    {decr, "decr", Effect::counts, false, false, false, true, "decr <key> <delta> [noreply]"},
    {touch, "touch", Effect::touches, false, false, false, true, "touch <key> <exptime> [noreply]"},
    {mg, "mg", Effect::reads, true, false, false, false, "mg <key> <flag>*"},
    {ms, "ms", Effect::stores, true, true, false, false, "ms <key> <bytes> <flag>*"},
    {md, "md", Effect::removes, true, false, false, false, "md <key> <flag>*"},
    {ma, "ma", Effect::counts, true, false, false, false, "ma <key> <flag>*"},
    {mn, "mn", Effect::local, true, false, false, false, "mn"},
    {me, "me", Effect::reads, true, false, false, false, "me <key> [b]"},
    {version, "version", Effect::local, false, false, false, false, "version"},
    {verbosity, "verbosity", Effect::local, false, false, false, true,
     "verbosity <level> [noreply]"},
    {quit, "quit", Effect::local, false, false, false, false, "quit"},
    {stats, "stats", Effect::local, false, false, false, false, "stats"},
    {flush_all, "flush_all", Effect::broadcast, false, false, false, true,
     "flush_all [delay] [noreply]"},
}};

consteval bool rows_in_order() {
  for (std::size_t i = 0; i < command_count; ++i) {
    if (static_cast<std::size_t>(table[i].command) != i) return false;
  }
  return true;
}
static_assert(rows_in_order(), "row() indexes the table by command");

constexpr std::size_t slot_count = 128;
constexpr std::size_t name_bytes_min = 2;

struct Spread {
  unsigned first = 0;
  unsigned second = 0;
  unsigned last = 0;
};

constexpr std::size_t slot_of(Bytes word, Spread spread) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(word[i]); };
  return (byte(0) * spread.first + byte(1) * spread.second + byte(word.size() - 1) * spread.last +
          word.size()) %
         slot_count;
}

consteval bool collides(Spread spread) {
  std::array<bool, slot_count> taken{};
  for (const CommandRow& row : table) {
    const std::size_t slot = slot_of(row.name, spread);
    if (taken[slot]) return true;
    taken[slot] = true;
  }
  return false;
}

consteval Spread find_spread() {
  for (unsigned first = 1; first < 32; ++first) {
    for (unsigned second = 1; second < 32; ++second) {
      for (unsigned last = 1; last < 32; ++last) {
        if (!collides({first, second, last})) return {first, second, last};
      }
    }
  }
  throw "no spread without collision: raise slot_count";
}
constexpr Spread spread = find_spread();

// Slot -> index into the table; an empty slot points at row 0, whose name then differs.
consteval std::array<std::uint8_t, slot_count> fill_slots() {
  std::array<std::uint8_t, slot_count> slots{};
  for (std::size_t i = 0; i < command_count; ++i) {
    slots[slot_of(table[i].name, spread)] = static_cast<std::uint8_t>(i);
  }
  return slots;
}
constexpr auto slots = fill_slots();

}  // namespace

std::span<const CommandRow> commands() {
  return table;
}

const CommandRow& row(Command command) {
  const auto index = static_cast<std::size_t>(command);
  RINGWAY_ASSERT(index < command_count);
  return table[index];
}

bool may_be_unknown(Command command) {
  return row(command).meta || row(command).effect == Effect::touches;
}

const CommandRow* find_command(Bytes word) {
  if (word.size() < name_bytes_min) return nullptr;
  const CommandRow& row = table[slots[slot_of(word, spread)]];
  return row.name == word ? &row : nullptr;
}

}  // namespace ringway::proto::memcached
