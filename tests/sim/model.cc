// See model.h for the argument behind the checks.
#include "sim/model.h"

#include <algorithm>
#include <charconv>

#include "ringway/base/assert.h"

#include "sim/fail.h"
#include "sim/wire.h"

namespace ringway::sim {
namespace {

// "<number><stop>..." at the front of `text`; false if it is not there.
bool take_number(Bytes& text, char stop, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != stop) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

// So large that what is taken away never reaches zero, where memcached stops.
constexpr std::int64_t counter_base = 1'000'000'000;

char filler(WriteId write) {
  return static_cast<char>('a' + write % 26);
}

}  // namespace

KeyIndex Model::add_key(std::string text, std::uint32_t owner, KeyUse use) {
  std::string encoded = base64(text);
  if (encoded.size() > 250) encoded.clear();
  keys_.push_back(
      {.text = std::move(text), .encoded = std::move(encoded), .use = use, .owner = owner});
  if (excused_until_.size() <= owner) excused_until_.resize(owner + 1);
  but_reads_until_.resize(excused_until_.size());
  if (lied_.size() <= owner) lied_.resize(owner + 1);
  wandered_.resize(lied_.size());
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

KeyIndex Model::index_of_encoded(Bytes text) const {
  const auto found = std::ranges::find(keys_, text, &Key::encoded);
  SIM_REQUIRE(found != keys_.end() && !text.empty(),
              "nobody ever asked for the key '%.*s' in base64", static_cast<int>(text.size()),
              text.data());
  return static_cast<KeyIndex>(found - keys_.begin());
}

WriteId Model::begin_write(KeyIndex key, ClientId by, std::uint32_t bytes, Instant now) {
  writes_.push_back({.key = key,
                     .by = by,
                     .bytes = bytes,
                     .amount = 0,
                     .begun = now,
                     .ended = never,
                     .part = false});
  return static_cast<WriteId>(writes_.size() - 1);
}

WriteId Model::begin_part(KeyIndex key, ClientId by, std::int64_t amount, Instant now) {
  writes_.push_back({.key = key,
                     .by = by,
                     .bytes = 0,
                     .amount = amount,
                     .begun = now,
                     .ended = never,
                     .part = true});
  keys_[key].parts.push_back(static_cast<WriteId>(writes_.size() - 1));
  return keys_[key].parts.back();
}

void Model::acknowledge_write(WriteId write, Instant now) {
  Write& done = writes_[write];
  done.ended = now;
  Key& key = keys_[done.key];
  if (done.part) return;
  key.floor.all = std::max(key.floor.all, done.begun);
  if (done.at_home) key.floor.home = std::max(key.floor.home, done.begun);
}

// But for as many keys as the router had no room to remember, or as answered with an error.
void Model::check_promises(KeyIndex index, WriteId id, const Reader& reader) {
  const Key& key = keys_[index];
  if (!promises_kept_ || !at_home(key) || key.executed_late) return;
  const Write& write = writes_[id];
  const auto older = std::ranges::find_if(key.promises, [&](const Promise& promise) {
    const bool before =
        write.ended < promise.begun || (write.by == promise.by && write.begun < promise.begun);
    return before && promise.told <= reader.begun;
  });
  if (older == key.promises.end()) return;
  stale_.insert(index);
  const auto stale = std::ranges::count_if(
      stale_, [&](KeyIndex other) { return keys_[other].owner == key.owner; });
  SIM_REQUIRE(static_cast<std::uint64_t>(stale) <= forgotten_(key.owner),
              "key %u: write %u is there, although client %u replaced or removed it at %lld us and "
              "heard of no failure",
              index, id, older->by,
              static_cast<long long>(older->begun.time_since_epoch().count() / 1000));
}

void Model::begin_remove(KeyIndex key) {
  ++keys_[key].removing;
}

void Model::end_remove(KeyIndex key, Instant begun, Instant gone) {
  Key& removed = keys_[key];
  RINGWAY_ASSERT(removed.removing > 0);
  --removed.removing;
  removed.absent_until = std::max(removed.absent_until, gone);
  if (gone == never) return;
  removed.floor.all = std::max(removed.floor.all, begun);
  if (removed.gone_at_home >= begun) removed.floor.home = std::max(removed.floor.home, begun);
}

void Model::move_all_of(std::uint32_t server) {
  relocated_ |= std::uint64_t{1} << server;
  for (Key& key : keys_) key.moved |= key.owner == server;
}

void Model::wiped(std::uint32_t server, Instant now) {
  for (Key& key : keys_) {
    if (key.owner != server) continue;
    key.absent_until = std::max(key.absent_until, now);
    key.gone_at_home = now;
    key.wiped = true;
  }
}

void Model::append_value(WriteId write, std::string& out) const {
  const Write& what = writes_[write];
  const KeyUse use = keys_[what.key].use;
  if (use == KeyUse::counter) {
    out += std::to_string(counter_base);
    return;
  }
  if (use == KeyUse::log && !what.part) return;
  const std::size_t begin = out.size();
  out += std::to_string(what.key) + '.' + std::to_string(write) + '.';
  if (!what.part) out.resize(std::max(out.size(), begin + what.bytes), filler(write));
}

std::uint32_t Model::flags(WriteId write) const {
  const Write& what = writes_[write];
  const std::uint32_t of = keys_[what.key].use == KeyUse::value ? write : what.key;
  return (of * 7919u) & 0xffff;
}

// --- What values say -----------------------------------------------------------

WriteId Model::take_part(KeyIndex key, Bytes& rest) const {
  const Bytes whole = rest;
  std::uint32_t of_key = 0;
  std::uint32_t write = 0;
  const bool framed = take_number(rest, '.', of_key) && take_number(rest, '.', write);
  SIM_REQUIRE(framed && of_key == key && write < writes_.size() && writes_[write].key == key,
              "key %u got the value '%.*s'", key,
              static_cast<int>(std::min<std::size_t>(whole.size(), 60)), whole.data());
  return write;
}

WriteId Model::parse_whole(KeyIndex key, Bytes value) const {
  Bytes rest = value;
  const WriteId write = take_part(key, rest);
  const std::size_t head = value.size() - rest.size();
  SIM_REQUIRE(value.size() == std::max<std::size_t>(head, writes_[write].bytes) &&
                  rest.find_first_not_of(filler(write)) == Bytes::npos,
              "key %u: the value of write %u is damaged", key, write);
  return write;
}

void Model::execute_write(KeyIndex key, std::uint32_t server, std::uint64_t flags_seen,
                          Bytes value) {
  const KeyUse use = keys_[key].use;
  if (use == KeyUse::counter) {
    SIM_REQUIRE(value == std::to_string(counter_base), "key %u: not where a counter begins", key);
    return;
  }
  if (use == KeyUse::log && value.empty()) return;
  Bytes rest = value;
  const WriteId write = use == KeyUse::log ? take_part(key, rest) : parse_whole(key, value);
  SIM_REQUIRE(use == KeyUse::value || rest.empty(), "key %u: a damaged part", key);
  SIM_REQUIRE(flags_seen == flags(write), "key %u: the flags of write %u are damaged", key, write);
  SIM_REQUIRE(!writes_[write].executed, "key %u: write %u was sent twice", key, write);
  writes_[write].executed = true;
  writes_[write].at_home = server == keys_[key].owner;
}

void Model::execute_remove(KeyIndex key, std::uint32_t server, Instant now) {
  Key& what = keys_[key];
  if (server == what.owner) what.gone_at_home = now;
  if (!may_be_owed(key)) return;
  what.absent_until = std::max(what.absent_until, now);
  if (what.use != KeyUse::value) what.wiped = true;
}

// A write of it is not known to have succeeded: the router may have owed its key.
bool Model::may_be_owed(KeyIndex key) const {
  return std::ranges::any_of(
      writes_, [&](const Write& write) { return write.key == key && write.ended == never; });
}

void Model::check_flags(KeyIndex key, std::uint64_t flags_seen, Bytes value) const {
  if (value == foreign_value && !trusts(key)) return;
  const WriteId write = keys_[key].use == KeyUse::value ? parse_whole(key, value) : 0;
  const std::uint32_t due = keys_[key].use == KeyUse::value ? flags(write) : (key * 7919u) & 0xffff;
  SIM_REQUIRE(flags_seen == due, "key %u: got the flags %llu, %u were due", key,
              static_cast<unsigned long long>(flags_seen), due);
}

void Model::check_value(KeyIndex key, Bytes value, Floor floor, const Reader& reader) {
  // Two lies of a server may make one that nobody can see: a reply too many, and the value of
  // another key in the place of the next.
  if (value == foreign_value && !trusts(key)) return;
  switch (keys_[key].use) {
    case KeyUse::counter: return check_number(key, value, reader);
    case KeyUse::log: return check_log(key, value, reader);
    case KeyUse::value: break;
  }
  const WriteId write = parse_whole(key, value);
  if (!trusts(key) && !at_home(keys_[key])) return;
  SIM_REQUIRE(!writes_[write].refused, "key %u: read write %u, which had been refused", key, write);
  check_promises(key, write, reader);
  if (writes_[write].ended >= floor.all) return;
  SIM_REQUIRE(!trusts(key), "key %u: read write %u, which had been replaced", key, write);
  check_at_home(key, write, floor);
}

// At home again, nothing may be what was replaced while the home was out: but for what nobody
// was to remember.
void Model::check_at_home(KeyIndex key, WriteId write, Floor floor) {
  const std::uint32_t home = keys_[key].owner;
  SIM_REQUIRE(writes_[write].ended >= floor.home,
              "key %u: read write %u, which had been replaced at home", key, write);
  stale_.insert(key);
  const auto stale =
      std::ranges::count_if(stale_, [&](KeyIndex other) { return keys_[other].owner == home; });
  SIM_REQUIRE(static_cast<std::uint64_t>(stale) <= forgotten_(home),
              "key %u: read write %u, which had been replaced while server %u was out", key, write,
              home);
}

// Whether a read must show this part: acknowledged before the read began, or an
// earlier one of the same client.
bool Model::required(const Key& key, WriteId id, const Reader& reader) const {
  const Write& write = writes_[id];
  if (reader.has_own && id == reader.own) return true;
  if (key.wiped || write.ended == never) return false;
  return write.by == reader.by || write.ended <= reader.begun;
}

void Model::check_number(KeyIndex index, Bytes value, const Reader& reader) const {
  const Key& key = keys_[index];
  std::int64_t seen = 0;
  SIM_REQUIRE(to_number(value.substr(0, value.find_last_not_of(' ') + 1), seen),
              "key %u is a counter and got the value '%.*s'", index,
              static_cast<int>(std::min<std::size_t>(value.size(), 60)), value.data());
  if (!trusts(index)) return;
  std::int64_t least = counter_base;
  std::int64_t most = counter_base;
  for (const WriteId id : key.parts) {
    const std::int64_t amount = writes_[id].amount;
    if (writes_[id].refused) continue;
    const bool sure = required(key, id, reader);
    if (sure || amount < 0) least += amount;
    if (sure || amount > 0) most += amount;
  }
  SIM_REQUIRE(least <= seen && seen <= most, "key %u: counted %lld, must be from %lld to %lld",
              index, static_cast<long long>(seen), static_cast<long long>(least),
              static_cast<long long>(most));
}

void Model::check_log(KeyIndex index, Bytes value, const Reader& reader) const {
  const Key& key = keys_[index];
  std::vector<WriteId> seen;
  while (!value.empty()) seen.push_back(take_part(index, value));
  if (!trusts(index)) return;
  std::ranges::sort(seen);
  SIM_REQUIRE(std::ranges::adjacent_find(seen) == seen.end(), "key %u: a part is there twice",
              index);
  for (const WriteId id : seen)
    SIM_REQUIRE(!writes_[id].refused, "key %u: part %u had been refused", index, id);
  for (const WriteId id : key.parts)
    SIM_REQUIRE(!required(key, id, reader) || std::ranges::binary_search(seen, id),
                "key %u: part %u is lost", index, id);
}

void Model::check_missing(KeyIndex key, Floor floor) const {
  const Key& what = keys_[key];
  SIM_REQUIRE(!trusts(key) || what.removing > 0 || what.absent_until >= floor.all,
              "key %u: not found, although it was written and never removed", key);
  SIM_REQUIRE(!at_home(what) || what.gone_at_home >= floor.home,
              "key %u: not found, although its home has it", key);
}

void Model::check_removed(KeyIndex key) const {
  const bool written = std::ranges::any_of(writes_, [&](const Write& w) { return w.key == key; });
  SIM_REQUIRE(written || !trusts(key), "key %u: there, although it was never written", key);
}

void Model::distrust(std::uint32_t server) {
  if (lied_.size() <= server) lied_.resize(server + 1);
  lied_[server] = true;
  ++tally.lies;
}

void Model::excuse(std::uint32_t server, Instant until) {
  if (excused_until_.size() <= server) excused_until_.resize(server + 1);
  if (lied_.size() <= server) lied_.resize(server + 1);
  wandered_.resize(lied_.size());
  but_reads_until_.resize(excused_until_.size());
  excused_until_[server] = std::max(excused_until_[server], until);
}

void Model::excuse_but_reads(std::uint32_t server, Instant until) {
  excuse(server, Instant{});
  but_reads_until_[server] = std::max(but_reads_until_[server], until);
}

bool Model::excused(KeyIndex key, Instant asked, bool plain_read) const {
  const Key& what = keys_[key];
  // Anybody may have it, who may fail.
  if (what.moved || wandered_[what.owner]) return anybody_excused(asked, plain_read);
  const bool spared = plain_read && !reads_too_;
  return everything_excused_ || all_excused_until_ >= asked ||
         excused_until_[what.owner] >= asked || (!spared && but_reads_until_[what.owner] >= asked);
}

bool Model::anybody_excused(Instant asked, bool plain_read) const {
  const auto lasts = [&](Instant until) { return until >= asked; };
  const bool spared = plain_read && !reads_too_;
  return everything_excused_ || all_excused_until_ >= asked ||
         std::ranges::any_of(excused_until_, lasts) ||
         (!spared && std::ranges::any_of(but_reads_until_, lasts));
}

}  // namespace ringway::sim
