// See model.h for the argument behind the checks.
#include "sim/model.h"

#include <algorithm>
#include <charconv>

#include "ringway/base/assert.h"

#include "sim/fail.h"

namespace ringway::sim {
namespace {

// "<number><stop>..." at the front of `text`; false if it is not there.
bool take_number(Bytes& text, char stop, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != stop) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

char filler(WriteId write) {
  return static_cast<char>('a' + write % 26);
}

}  // namespace

KeyIndex Model::add_key(std::string text, std::uint32_t owner) {
  keys_.push_back({.text = std::move(text), .owner = owner});
  if (excused_until_.size() <= owner) excused_until_.resize(owner + 1);
  return static_cast<KeyIndex>(keys_.size() - 1);
}

// Keys begin with their number: "17:..." is the key with index 17.
KeyIndex Model::index_of(Bytes text) const {
  Bytes rest = text;
  std::uint32_t index = 0;
  const bool known =
      take_number(rest, ':', index) && index < keys_.size() && keys_[index].text == text;
  SIM_REQUIRE(known, "nobody ever asked for the key '%.*s'", static_cast<int>(text.size()),
              text.data());
  return index;
}

WriteId Model::begin_write(KeyIndex key, std::uint32_t bytes, Instant now) {
  writes_.push_back({.key = key, .bytes = bytes, .begun = now, .ended = never});
  return static_cast<WriteId>(writes_.size() - 1);
}

void Model::acknowledge_write(WriteId write, Instant now) {
  Write& done = writes_[write];
  done.ended = now;
  Key& key = keys_[done.key];
  key.floor = std::max(key.floor, done.begun);
}

void Model::begin_remove(KeyIndex key) {
  ++keys_[key].removing;
}

void Model::end_remove(KeyIndex key, Instant begun, Instant gone) {
  Key& removed = keys_[key];
  RINGWAY_ASSERT(removed.removing > 0);
  --removed.removing;
  removed.absent_until = std::max(removed.absent_until, gone);
  if (gone != never) removed.floor = std::max(removed.floor, begun);
}

void Model::wiped(std::uint32_t server, Instant now) {
  for (Key& key : keys_)
    if (key.owner == server) key.absent_until = std::max(key.absent_until, now);
}

void Model::append_value(WriteId write, std::string& out) const {
  const Write& what = writes_[write];
  const std::size_t begin = out.size();
  out += std::to_string(what.key) + '.' + std::to_string(write) + '.';
  out.resize(std::max(out.size(), begin + what.bytes), filler(write));
}

WriteId Model::check_value(KeyIndex key, std::uint64_t flags_seen, Bytes value) const {
  Bytes rest = value;
  std::uint32_t of_key = 0;
  std::uint32_t write = 0;
  const bool framed = take_number(rest, '.', of_key) && take_number(rest, '.', write);
  SIM_REQUIRE(framed && of_key == key && write < writes_.size() && writes_[write].key == key,
              "key %u got the value '%.*s'", key,
              static_cast<int>(std::min<std::size_t>(value.size(), 60)), value.data());
  const std::size_t head = value.size() - rest.size();
  SIM_REQUIRE(value.size() == std::max<std::size_t>(head, writes_[write].bytes) &&
                  rest.find_first_not_of(filler(write)) == Bytes::npos,
              "key %u: the value of write %u is damaged", key, write);
  SIM_REQUIRE(flags_seen == flags(write), "key %u: the flags of write %u are damaged", key, write);
  return write;
}

void Model::check_read(KeyIndex key, WriteId write, Floor floor) const {
  SIM_REQUIRE(writes_[write].ended >= floor, "key %u: read write %u, which had been replaced", key,
              write);
}

void Model::check_missing(KeyIndex key, Floor floor) const {
  const Key& what = keys_[key];
  SIM_REQUIRE(what.removing > 0 || what.absent_until >= floor,
              "key %u: not found, although it was written and never removed", key);
}

void Model::check_removed(KeyIndex key) const {
  const bool written = std::ranges::any_of(writes_, [&](const Write& w) { return w.key == key; });
  SIM_REQUIRE(written, "key %u: removed, although it was never written", key);
}

void Model::excuse(std::uint32_t server, Instant until) {
  if (excused_until_.size() <= server) excused_until_.resize(server + 1);
  excused_until_[server] = std::max(excused_until_[server], until);
}

bool Model::excused(KeyIndex key, Instant asked) const {
  return everything_excused_ || all_excused_until_ >= asked ||
         excused_until_[keys_[key].owner] >= asked;
}

bool Model::anybody_excused(Instant asked) const {
  return everything_excused_ || all_excused_until_ >= asked ||
         std::ranges::any_of(excused_until_, [&](Instant until) { return until >= asked; });
}

}  // namespace ringway::sim
