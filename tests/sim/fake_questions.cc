// How a fake client asks: every command, in both forms where it has two, with the
// liberties that the protocol leaves to clients; and what it does not allow.
#include <algorithm>

#include "sim/fake_client.h"

namespace ringway::sim {

void FakeClient::ask_one() {
  if (plan_.reads_all) return ask_next_key();
  if (chance_.with(plan_.broken)) return ask_broken();
  if (chance_.with(plan_.quiet)) return ask_quiet();
  if (chance_.with(plan_.writes)) return ask_write();
  if (chance_.with(plan_.removes)) return ask_remove();
  if (chance_.with(plan_.counts)) return ask_count();
  if (chance_.with(plan_.touches)) return ask_touch();
  if (chance_.with(plan_.locals)) return ask_local();
  ask_read();
}

FakeClient::Asked FakeClient::question(Kind kind, Bytes verb) {
  ++model_.tally.requests;
  return {.kind = kind, .begun = world_.now(), .verb = verb};
}

FakeClient::Asked FakeClient::question(Kind kind, Bytes verb, KeyIndex key) {
  Asked asked = question(kind, verb);
  asked.keys.push_back(key);
  asked.floors.push_back(model_.floor(key));
  ++model_.tally.keys;
  return asked;
}

FakeClient::Asked& FakeClient::ask(Asked asked) {
  if (batch_ == nullptr) return asked_.emplace_back(std::move(asked));
  return batch_->emplace_back(std::move(asked));
}

KeyIndex FakeClient::any_key() {
  return static_cast<KeyIndex>(chance_.below(model_.keys()));
}

// Lines may end with LF alone, and words stand apart as far as one likes.
void FakeClient::say_line(std::string line) {
  if (chance_.one_in(16))
    line.insert(line.find(' ') == std::string::npos ? 0 : line.find(' '), " ");
  output_ += line;
  output_ += chance_.one_in(16) ? "\n" : "\r\n";
}

void FakeClient::ask_or_noreply(Asked asked, std::string line) {
  if (!chance_.with(plan_.noreply)) {
    ask(std::move(asked));
    return say_line(std::move(line));
  }
  say_line(line + " noreply");
  unheard_.push_back(std::move(asked));
}

// --- Reads --------------------------------------------------------------------

void FakeClient::ask_next_key() {
  const auto key = static_cast<KeyIndex>(asked_count_ % model_.keys());
  ask(question(Kind::read, "get", key));
  say_line("get " + model_.key(key).text);
}

void FakeClient::ask_read() {
  if (chance_.with(plan_.meta)) return ask_meta_read(any_key());
  static constexpr Bytes verbs[] = {"get",  "get",  "get",      "get",
                                    "gets", "gets", "gat 4242", "gats  4242"};
  const Bytes verb = verbs[chance_.below(std::size(verbs))];
  Asked& asked = ask(question(Kind::read, verb));
  const std::uint64_t count =
      plan_.keys_max == 1 || chance_.one_in(2) ? 1 : chance_.between(1, plan_.keys_max);
  std::string line(verb);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool again = i > 0 && chance_.one_in(10);
    const KeyIndex key = again ? asked.keys[chance_.below(i)] : any_key();
    asked.keys.push_back(key);
    asked.floors.push_back(model_.floor(key));
    line += ' ';
    line += model_.key(key).text;
  }
  model_.tally.keys += count;
  say_line(std::move(line));
}

// "<verb> <key> [<behind_key>] [b]": with the flags that say whose reply it is. Quiet
// requests are always numbered: else nobody could tell which of them spoke.
void FakeClient::begin_meta(Asked& asked, std::string& line, KeyIndex key, Bytes behind_key) {
  const Key& what = model_.key(key);
  const bool encoded = chance_.one_in(4) && !what.encoded.empty();
  asked.meta = true;
  line = std::string(asked.verb) + ' ' + (encoded ? what.encoded : what.text);
  if (!behind_key.empty()) line.append(" ").append(behind_key);
  if (encoded) line += " b";
  asked.wants_key = chance_.one_in(3);
  if (batch_ != nullptr || chance_.one_in(2) || (plan_.marks_all && !asked.wants_key))
    asked.opaque = ++opaque_;
  if (asked.wants_key) line += " k";
  if (asked.opaque != 0) line += " O" + std::to_string(asked.opaque);
  if (batch_ != nullptr) line += " q";
}

// Some of these, and now and then another time to live.
void FakeClient::add_flags(std::string& line, std::initializer_list<Bytes> flags, KeyIndex key) {
  for (const Bytes flag : flags)
    if (chance_.one_in(3)) line += flag;
  if (chance_.one_in(5)) line += " T" + std::to_string(model_.exptime(key));
}

// What stands behind its key is read by nobody, but for a first b.
std::string FakeClient::debug_line(KeyIndex key) const {
  const Key& what = model_.key(key);
  const std::uint32_t form = (key + id_) % 4;
  const bool encoded = form > 1 && !what.encoded.empty();
  std::string line = "me " + (encoded ? what.encoded + " b" : what.text);
  if (form % 2 == 1) line += " k O1 q v";
  return line;
}

void FakeClient::ask_meta_read(KeyIndex key) {
  std::string line;
  if (batch_ == nullptr && chance_.one_in(6)) {
    ask(question(Kind::debug, "me", key));
    return say_line(debug_line(key));
  }
  Asked& asked = ask(question(Kind::read, "mg", key));
  begin_meta(asked, line, key);
  for (const Bytes flag : {" s", " f", " c", " t"})
    if (chance_.one_in(3)) line += flag;
  if (plan_.more_flags) add_flags(line, {" h", " l", " R30"}, key);
  if (plan_.more_flags && model_.key(key).use == KeyUse::log && chance_.one_in(3)) {
    model_.begin_write(key, id_, 0, world_.now());  // If nothing is there.
    line += " N" + std::to_string(model_.exptime(key));
  }
  asked.wants_value = !chance_.one_in(4);
  if (asked.wants_value) line += " v";
  say_line(std::move(line));
}

// --- Writes -------------------------------------------------------------------

WriteId FakeClient::begin_value(KeyIndex key) {
  const bool large = chance_.one_in(plan_.large_one_in);
  const std::uint64_t most = large ? plan_.value_max : std::min(plan_.value_max, 64u);
  const auto bytes = static_cast<std::uint32_t>(chance_.below(most + 1));
  return model_.begin_write(key, id_, bytes, world_.now());
}

void FakeClient::ask_write() {
  const KeyIndex key = any_key();
  const KeyUse use = model_.key(key).use;
  const bool meta = batch_ != nullptr || chance_.with(plan_.meta);
  struct Way {
    Bytes verb;
    Bytes mode;
  };
  static constexpr Way whole[] = {{"set", ""},   {"set", "MS"}, {"set", ""},
                                  {"add", "ME"}, {"cas", ""},   {"replace", "MR"}};
  static constexpr Way part[] = {{"append", "MA"}, {"prepend", "MP"}, {"add", "ME"}};
  const Way way = use == KeyUse::value ? whole[chance_.below(std::size(whole))]
                  : use == KeyUse::log ? part[chance_.below(std::size(part))]
                                       : Way{"add", "ME"};
  const bool is_part = use == KeyUse::log && way.verb != "add";
  const WriteId write = is_part ? model_.begin_part(key, id_, 0, world_.now()) : begin_value(key);
  if (meta) return ask_meta_set(key, way.verb == "cas" ? "C" : way.mode, write);
  ask_storage(key, way.verb, write);
}

void FakeClient::ask_storage(KeyIndex key, Bytes verb, WriteId write) {
  std::string value;
  model_.append_value(write, value);
  Asked asked = question(Kind::write, verb, key);
  asked.write = write;
  asked.has_write = true;
  std::string line = std::string(verb) + ' ' + model_.key(key).text + ' ' +
                     std::to_string(model_.flags(write)) + ' ' +
                     std::to_string(model_.exptime(key)) + ' ' + std::to_string(value.size());
  if (verb == "cas") line += ' ' + std::to_string(cas_[key] != 0 ? cas_[key] : 1);
  ask_or_noreply(std::move(asked), std::move(line));
  output_ += value + "\r\n";
}

void FakeClient::ask_meta_set(KeyIndex key, Bytes mode, WriteId write) {
  static constexpr std::pair<Bytes, Bytes> verbs[] = {
      {"", "ms"},      {"MS", "ms"},    {"ME", "ms ME"}, {"MR", "ms MR"},
      {"MA", "ms MA"}, {"MP", "ms MP"}, {"C", "ms C"}};
  std::string value;
  std::string line;
  model_.append_value(write, value);
  Asked& asked = ask(question(Kind::write, "ms", key));
  asked.write = write;
  asked.has_write = true;
  begin_meta(asked, line, key, std::to_string(value.size()));
  asked.verb = std::ranges::find(verbs, mode, &std::pair<Bytes, Bytes>::first)->second;
  line += " F" + std::to_string(model_.flags(write)) + " T" + std::to_string(model_.exptime(key));
  if (plan_.more_flags && chance_.one_in(3)) line += " c";
  if (mode == "C")
    line += " C" + std::to_string(cas_[key] != 0 ? cas_[key] : 1) +
            (plan_.more_flags && chance_.one_in(3) ? " I" : "");
  else if (!mode.empty())
    line.append(" ").append(mode);
  say_line(std::move(line));
  output_ += value + "\r\n";
}

// Counters and logs stay: what they hold is checked to the last part.
void FakeClient::ask_remove() {
  const KeyIndex key = any_key();
  if (model_.key(key).use != KeyUse::value) return ask_meta_read(key);
  model_.begin_remove(key);
  std::string line;
  if (batch_ != nullptr || chance_.with(plan_.meta)) {
    Asked& asked = ask(question(Kind::remove, "md", key));
    begin_meta(asked, line, key);
    if (plan_.more_flags && batch_ == nullptr) spare(asked, line, key);
    return say_line(std::move(line));
  }
  Asked asked = question(Kind::remove, "delete", key);
  line = "delete " + model_.key(key).text + (chance_.one_in(4) ? " 0" : "");
  ask_or_noreply(std::move(asked), std::move(line));
}

// Half of them remove nothing for certain: they mark it, or want it to be as it was read last.
void FakeClient::spare(Asked& asked, std::string& line, KeyIndex key) {
  if (chance_.one_in(2)) return;
  asked.spares = true;
  const std::uint64_t which = chance_.below(3);
  if (which > 0) line += " C" + std::to_string(cas_[key] != 0 ? cas_[key] : 1);
  if (which == 2) return;
  line += " I";
  if (chance_.one_in(2)) line += " T" + std::to_string(model_.exptime(key));
}

void FakeClient::ask_count() {
  const KeyIndex key = any_key();
  const KeyUse use = model_.key(key).use;
  // What a log holds could pass for a number, and errors do not say which they are for.
  if (use == KeyUse::log || (batch_ != nullptr && use != KeyUse::counter))
    return ask_meta_read(key);
  const auto size = static_cast<std::int64_t>(chance_.below(1000));
  const bool up = chance_.one_in(2);
  if (batch_ != nullptr || chance_.with(plan_.meta)) return ask_meta_count(key, up ? size : -size);
  Asked asked = question(Kind::count, up ? "incr" : "decr", key);
  if (use == KeyUse::counter) {
    asked.write = model_.begin_part(key, id_, up ? size : -size, world_.now());
    asked.has_write = true;
  }
  ask_or_noreply(std::move(asked), std::string(up ? "incr " : "decr ") + model_.key(key).text +
                                       ' ' + std::to_string(size));
}

// With N it creates the counter, and then adds nothing: so it only ever adds nothing.
void FakeClient::ask_meta_count(KeyIndex key, std::int64_t amount) {
  std::string line;
  const bool counter = model_.key(key).use == KeyUse::counter;
  const bool creates = counter && batch_ == nullptr && chance_.one_in(3);
  if (creates) amount = 0;
  Asked& asked = ask(question(Kind::count, creates ? "ma N" : "ma", key));
  asked.has_write = counter;
  if (counter)
    asked.write = creates ? model_.begin_write(key, id_, 0, world_.now())
                          : model_.begin_part(key, id_, amount, world_.now());
  const Bytes verb = std::exchange(asked.verb, "ma");
  begin_meta(asked, line, key);
  asked.verb = verb;
  asked.wants_value = chance_.one_in(2);
  if (creates) line += " N0 J1000000000";
  line += " D" + std::to_string(amount < 0 ? -amount : amount);
  if (amount < 0) line += " MD";
  if (plan_.more_flags) add_flags(line, {" c", " t"}, key);
  if (asked.wants_value) line += " v";
  say_line(std::move(line));
}

void FakeClient::ask_touch() {
  const KeyIndex key = any_key();
  Asked asked = question(Kind::touch, "touch", key);
  ask_or_noreply(std::move(asked),
                 "touch " + model_.key(key).text + ' ' + std::to_string(model_.exptime(key)));
}

// --- Answered by the router -----------------------------------------------------

void FakeClient::ask_local() {
  struct Row {
    Bytes line;
    Bytes begin;  // Of the reply; empty: there is none.
  };
  static constexpr Row rows[] = {
      {"version", "VERSION "},
      {"version of what", "VERSION "},
      {"verbosity 1", "OK"},
      {"verbosity 1 noreply", ""},
      {"flush_all", "CLIENT_ERROR flush_all not allowed"},
      {"flush_all 0 noreply", ""},
      {"stats", "STAT"},
      {"mn", "MN"},
  };
  const Row& row = rows[chance_.below(std::size(rows))];
  if (row.line == "mn") return ask_barrier();
  if (plan_.flushes && row.line.starts_with("flush_all")) return ask_flush();
  say_line(std::string(row.line));
  if (row.begin.empty()) {
    ++model_.tally.requests;
    return;
  }
  Asked& asked = ask(question(row.line == "stats" ? Kind::stats : Kind::local, row.line));
  asked.expected = row.begin;
}

void FakeClient::ask_flush() {
  ask(question(Kind::flush, "flush_all"));
  say_line("flush_all");
}

// --- Quiet ----------------------------------------------------------------------

// A batch, and the barrier that tells that all of it is done.
void FakeClient::ask_quiet() {
  std::vector<Asked> batch;
  batch_ = &batch;
  for (std::uint64_t count = chance_.between(1, 12); count > 0; --count) {
    switch (chance_.below(4)) {
      case 0: ask_write(); break;
      case 1: ask_remove(); break;
      case 2: ask_count(); break;
      default: ask_meta_read(any_key()); break;
    }
  }
  batch_ = nullptr;
  ask_barrier();
  asked_.back().quiet = std::move(batch);
}

void FakeClient::ask_barrier() {
  ask(question(Kind::quiet, "mn")).noreply = std::exchange(unheard_, {});
  say_line(chance_.one_in(4) ? "mn foo" : "mn");
}

// --- What the protocol does not allow -------------------------------------------

namespace {

struct BrokenRow {
  Bytes request;
  Bytes error;  // Empty: the request said noreply.
};

constexpr Bytes bad_format = "CLIENT_ERROR bad command line format";

#define K50 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define K251 K50 K50 K50 K50 K50 "k"

// Requests that are refused without a word to any server. Where a payload follows it
// is a command for a key that no server may ever hear of.
constexpr BrokenRow broken_rows[] = {
    {"bogus\r\n", "ERROR"},
    {"\r\n", "ERROR"},
    {"GET a\r\n", "ERROR"},
    {"get\r\n", "ERROR"},
    {"gat\r\n", "ERROR"},
    {"gat a b\n", "CLIENT_ERROR invalid exptime argument"},
    {"get a b\x01\r\n", bad_format},
    {"get a " K251 "\r\n", bad_format},
    {"touch a\r\n", "ERROR"},
    {"touch a b\r\n", "CLIENT_ERROR invalid exptime argument"},
    {"touch a b noreply\r\n", ""},
    {"incr a xx\r\n", "CLIENT_ERROR invalid numeric delta argument"},
    {"incr a xx noreply\n", ""},
    {"incr " K251 " 1\r\n", bad_format},
    {"decr a -1\r\n", "CLIENT_ERROR invalid numeric delta argument"},
    {"delete a 5\r\n", "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"},
    {"verbosity\r\n", "ERROR"},
    {"verbosity foo\r\n", bad_format},
    {"verbosity foo noreply\r\n", ""},
    {"stats sizes\r\n", "ERROR"},
    {"stats reset\r\n", "CLIENT_ERROR stats reset not allowed"},
    {"flush_all abc\r\n", "CLIENT_ERROR invalid exptime argument"},
    {"mg\r\n", "ERROR"},
    {"mg a v v\r\n", "CLIENT_ERROR duplicate flag"},
    {"mg a !\r\n", "CLIENT_ERROR invalid flag"},
    {"mg !!! b\r\n", "CLIENT_ERROR error decoding key"},
    {"md a q q\r\n", "CLIENT_ERROR invalid or duplicate flag"},
    {"md " K251 "\r\n", bad_format},
    {"ma a O" K50 "\r\n", "CLIENT_ERROR opaque token too long"},
    {"me\r\n", bad_format},
    {"set smuggled 0 0 -1\r\n", bad_format},
    {"set smuggled 0 0\r\n", "ERROR"},
    {"set smuggled 0 0 5\r\nget bXX", "CLIENT_ERROR bad data chunk"},
    {"set smuggled 0 0 5 noreply\r\nget bXX", ""},
    {"ms smuggled 5 q\r\nget bXX", "CLIENT_ERROR bad data chunk"},
    {"set smuggled 0 1.5 15\r\ndelete smuggled\r\n", bad_format},
    {"set smuggled 0 0x5 15\r\ndelete smuggled\r\n", bad_format},
    {"set smuggled -1 0 15 noreply\r\ndelete smuggled\r\n", ""},
    {"set smuggled 18446744073709551616 0 15\r\ndelete smuggled\r\n", bad_format},
    {"set smuggled 0 99999999999999999999 15\r\ndelete smuggled\r\n", bad_format},
    {"set smuggled 0 0 15 noreply x\r\ndelete smuggled\r\n", bad_format},
    {"add " K251 " 0 0 15\r\ndelete smuggled\r\n", bad_format},
    {"cas smuggled 0 0 15\r\ndelete smuggled\r\n", "ERROR"},
    {"cas smuggled 0 0 15 99999999999999999999\r\ndelete smuggled\r\n", bad_format},
    {"ms " K251 " 15\r\ndelete smuggled\r\n", bad_format},
    {"ms smuggled 15 s s\r\ndelete smuggled\r\n", "CLIENT_ERROR duplicate flag"},
    {"ms smuggled 15 !\r\ndelete smuggled\r\n", "CLIENT_ERROR invalid flag"},
    {"ms smuggled 15 Txx\r\ndelete smuggled\r\n", "CLIENT_ERROR bad token in command line format"},
    {"ms !!! 15 b\r\ndelete smuggled\r\n", "CLIENT_ERROR error decoding key"},
};

}  // namespace

void FakeClient::ask_broken() {
  if (plan_.too_large > 0 && chance_.one_in(4)) return ask_too_large();
  const BrokenRow& row = broken_rows[chance_.below(std::size(broken_rows))];
  output_ += row.request;
  ++model_.tally.rejected;
  if (row.error.empty()) return;
  ask(question(Kind::broken, row.request)).expected = row.error;
  --model_.tally.requests;
}

// The old value must not survive a set that was too large for the cache.
void FakeClient::ask_too_large() {
  struct Way {
    Bytes begin;
    Bytes flags;
    bool replaces;
  };
  static constexpr Way ways[] = {
      {"set ", " 0 0 ", true}, {"add ", " 0 0 ", false}, {"ms ", " ", true}};
  const Way& way = ways[chance_.below(std::size(ways))];
  const KeyIndex key = any_key();
  const bool replaces = way.replaces && model_.key(key).use == KeyUse::value;
  if (way.replaces && !replaces) return ask_read();
  if (replaces) {
    model_.begin_remove(key);
    model_.end_remove(key, world_.now(), never);
  }
  output_ += std::string(way.begin) + model_.key(key).text + std::string(way.flags) +
             std::to_string(plan_.too_large) + "\r\n";
  output_.append(plan_.too_large, 'x');
  output_ += "\r\n";
  ask(question(Kind::broken, way.begin)).expected = "SERVER_ERROR object too large for cache";
  --model_.tally.requests;
  ++model_.tally.rejected;
}

}  // namespace ringway::sim
