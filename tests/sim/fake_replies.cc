// What a fake client thinks of the replies it gets.
#include <algorithm>

#include "sim/fail.h"
#include "sim/fake_client.h"

namespace ringway::sim {

void FakeClient::take_replies() {
  while (taken_ < input_.size()) {
    const Framed framed = next_reply(Bytes(input_).substr(taken_), reply_);
    SIM_REQUIRE(framed != Framed::broken, "a client got rubbish: '%.*s'",
                static_cast<int>(std::min<std::size_t>(reply_.line.size(), 80)),
                reply_.line.data());
    if (framed == Framed::incomplete) break;
    if (rejected(reply_)) return;
    SIM_REQUIRE(!asked_.empty(), "a client got '%.*s' and had asked for nothing",
                static_cast<int>(reply_.line.size()), reply_.line.data());
    take(reply_);
    taken_ += reply_.size;
  }
  if (taken_ == input_.size()) {
    input_.clear();
    taken_ = 0;
  }
}

// Turned away at the door: the only reply to whatever was asked.
bool FakeClient::rejected(const WireReply& reply) {
  if (!plan_.may_be_rejected || reply.line != "SERVER_ERROR ringway: too many clients")
    return false;
  rejected_ = over_ = true;
  give_up_rest();
  return true;
}

void FakeClient::take(const WireReply& reply) {
  Asked& asked = asked_.front();
  world_.trace().note(world_.now(), "reply", fd_, reply.line);
  if (reply.is_value) return take_value(asked, reply);
  const Instant since = std::max(asked.begun, heard_at_);
  // A long read has its time for each of its parts.
  const std::size_t parts = 1 + asked.keys.size() / plan_.keys_per_ask;
  const Duration patience = plan_.patience * static_cast<int>(parts + asked.quiet.size());
  SIM_REQUIRE(plan_.patience == Duration::zero() || world_.now() - since <= patience,
              "a reply took %lld us: %s",
              static_cast<long long>((world_.now() - since).count() / 1000), waiting_for().c_str());
  if (asked.kind == Kind::stats && take_stat(asked, reply)) return;
  if (asked.kind == Kind::quiet && take_quiet(asked, reply)) return;
  judge(asked, reply);
  settle();
}

void FakeClient::unexpected(const Asked& asked, const WireReply& reply) const {
  fail("'%.*s' got '%.*s' (%s)", static_cast<int>(asked.verb.size()), asked.verb.data(),
       static_cast<int>(reply.line.size()), reply.line.data(), waiting_for().c_str());
}

void FakeClient::judge(Asked& asked, const WireReply& reply) {
  const bool counted_text = asked.kind == Kind::count && !asked.has_write &&
                            reply.line.starts_with("CLIENT_ERROR cannot increment or decrement");
  if (asked.kind == Kind::broken || asked.kind == Kind::local) {
    if (asked.kind == Kind::local && asked.verb.starts_with("version"))
      return judge_version(asked, reply);
    const bool begins = asked.kind == Kind::local && reply.line.starts_with(asked.expected);
    if (!begins && reply.line != asked.expected) unexpected(asked, reply);
    return;
  }
  if (reply.line.find("ERROR") != Bytes::npos && !counted_text) return judge_error(asked, reply);
  if (asked.meta) judge_marks(asked, reply);
  if (told_nothing(asked, reply.word())) return never_known(asked);
  switch (asked.kind) {
    case Kind::read: return asked.meta ? judge_meta_read(asked, reply) : judge_read(asked, reply);
    case Kind::write: return judge_write(asked, reply.word());
    case Kind::remove: return judge_remove(asked, reply.word());
    case Kind::count: return judge_count(asked, reply);
    case Kind::touch: return judge_touch(asked, reply.word());
    case Kind::debug: return judge_debug(asked, reply);
    case Kind::flush:
      if (reply.line == "OK") return;
      break;
    case Kind::stats: return;  // END, behind all lines.
    default: break;
  }
  unexpected(asked, reply);
}

// Alive is not able: who asks for it wants to know whether there is anybody to ask for more.
void FakeClient::judge_version(const Asked& asked, const WireReply& reply) const {
  const auto [may_be_out, must_be_out] = model_.service(asked.begun);
  const bool out = reply.line.starts_with("SERVER_ERROR ringway: pool ") &&
                   reply.line.ends_with(" has no server that takes traffic");
  if (!out && !reply.line.starts_with(asked.expected)) unexpected(asked, reply);
  SIM_REQUIRE(!out || may_be_out, "a server took traffic, and a client got '%.*s'",
              static_cast<int>(reply.line.size()), reply.line.data());
  SIM_REQUIRE(out || !must_be_out, "no server took traffic, and a client got '%.*s'",
              static_cast<int>(reply.line.size()), reply.line.data());
}

// What a meta request wanted to see in its reply is there, and is its own.
void FakeClient::judge_marks(const Asked& asked, const WireReply& reply) const {
  if (asked.kind == Kind::count && !asked.has_write && reply.word() == "CLIENT_ERROR") return;
  const Bytes opaque = reply.token('O');
  const Bytes key = reply.token('k');
  const Key& what = model_.key(asked.keys[0]);
  const bool lax = !model_.trusts(asked.keys[0]);  // It may leave them out.
  const bool opaque_fits = asked.opaque == 0          ? opaque.data() == nullptr
                           : opaque.data() == nullptr ? lax
                                                      : opaque == std::to_string(asked.opaque);
  SIM_REQUIRE(opaque_fits, "a reply with the opaque '%.*s' to %s", static_cast<int>(opaque.size()),
              opaque.data(), waiting_for().c_str());
  const Bytes due = reply.token('b').data() != nullptr ? Bytes(what.encoded) : Bytes(what.text);
  const bool key_fits = !asked.wants_key        ? key.data() == nullptr
                        : key.data() == nullptr ? lax
                                                : key == due;
  SIM_REQUIRE(key_fits, "a reply with the key '%.*s' to %s", static_cast<int>(key.size()),
              key.data(), waiting_for().c_str());
}

// It may have failed and be told as not stored, or as not found. Then it may have been done, too.
bool FakeClient::told_nothing(const Asked& asked, Bytes word) const {
  if (!model_.writes_may_be_unstored()) return false;
  if (!excused(asked) && !model_.short_of_memory()) return false;
  switch (asked.kind) {
    case Kind::write:
      return asked.meta ? word == "NS"
                        : word == (asked.verb == "cas" ? Bytes("NOT_FOUND") : Bytes("NOT_STORED"));
    case Kind::remove:
    case Kind::count: return word == (asked.meta ? Bytes("NF") : Bytes("NOT_FOUND"));
    case Kind::touch: return word == "NOT_FOUND";
    default: return false;
  }
}

// No write of our own that was acknowledged by now may be invisible: the router
// keeps the order of one connection.
Floor FakeClient::floor_of(const Asked& asked, std::size_t i) const {
  if (!plan_.reads_own_writes) return asked.floors[i];
  const Instant own = own_floor_[asked.keys[i]];
  return {std::max(asked.floors[i].all, own), std::max(asked.floors[i].home, own)};
}

Reader FakeClient::reader(const Asked& asked) const {
  return {.by = id_, .begun = asked.begun, .own = asked.write, .has_own = asked.has_write};
}

// --- Reads --------------------------------------------------------------------

void FakeClient::take_value(Asked& asked, const WireReply& reply) {
  SIM_REQUIRE(asked.kind == Kind::read && !asked.meta, "a VALUE instead of a reply to %s",
              waiting_for().c_str());
  const KeyIndex key = model_.index_of(reply.key);
  const auto begin = asked.keys.begin() + static_cast<std::ptrdiff_t>(asked.next_key);
  const auto found = std::find(begin, asked.keys.end(), key);
  SIM_REQUIRE(found != asked.keys.end(), "a VALUE for key %u, not asked or out of order, for %s",
              key, waiting_for().c_str());
  const auto index = static_cast<std::size_t>(found - asked.keys.begin());
  miss_before(asked, index);
  model_.check_flags(key, reply.flags, reply.value);
  model_.check_value(key, reply.value, floor_of(asked, index), reader(asked));
  if (reply.words.size() == 5) cas_[key] = reply.cas;
  asked.next_key = index + 1;
  ++model_.tally.hits;
}

// Whether a key was really missed is known at the end: END says so; after an error
// it may also be one whose server failed.
void FakeClient::miss_before(Asked& asked, std::size_t end) {
  for (; asked.next_key < end; ++asked.next_key) asked.missed.push_back(asked.next_key);
}

// A read may be told so, too, if its server failed: for that server's keys.
void FakeClient::missed(const Asked& asked, std::size_t i) const {
  const KeyIndex key = asked.keys[i];
  if (model_.reads_may_miss() && (excused(asked, key) || model_.short_of_memory())) return;
  model_.check_missing(key, floor_of(asked, i));
}

void FakeClient::judge_read(Asked& asked, const WireReply& reply) {
  if (reply.line != "END") unexpected(asked, reply);
  miss_before(asked, asked.keys.size());
  for (const std::size_t i : asked.missed) missed(asked, i);
  model_.tally.misses += asked.missed.size();
}

void FakeClient::judge_meta_read(Asked& asked, const WireReply& reply) {
  const KeyIndex key = asked.keys[0];
  if (reply.word() == "EN") {
    ++model_.tally.misses;
    return missed(asked, 0);
  }
  // A server that says what is not true may have forgotten the value, or say it again to who
  // only asked whether it is there.
  const bool lax = !model_.trusts(key);
  const bool valueless = reply.word() == "HD" && (!asked.wants_value || lax);
  const bool valued = reply.word() == "VA" && (asked.wants_value || lax);
  if (!valueless && !valued) unexpected(asked, reply);
  ++model_.tally.hits;
  model_.check_removed(key);
  const Bytes cas = reply.token('c');
  if (cas.data() != nullptr && !to_number(cas, cas_[key])) unexpected(asked, reply);
  if (valueless) return;
  const Bytes size = reply.token('s');
  const Bytes flags_word = reply.token('f');
  std::uint64_t flags = 0;
  if (size.data() != nullptr && size != std::to_string(reply.value.size()))
    unexpected(asked, reply);
  if (flags_word.data() != nullptr) {
    if (!to_number(flags_word, flags)) unexpected(asked, reply);
    model_.check_flags(key, flags, reply.value);
  }
  model_.check_value(key, reply.value, floor_of(asked, 0), reader(asked));
}

void FakeClient::judge_debug(Asked& asked, const WireReply& reply) {
  const KeyIndex key = asked.keys[0];
  if (reply.line == "EN") return missed(asked, 0);
  const Bytes shown = reply.words.size() < 2 ? Bytes() : reply.words[1];
  const Key& what = model_.key(key);
  const bool named = shown == what.text || (!shown.empty() && shown == what.encoded);
  if (reply.word() != "ME" || !named) unexpected(asked, reply);
  model_.check_removed(key);
}

// --- Writes -------------------------------------------------------------------

void FakeClient::judge_write(Asked& asked, Bytes word) {
  const KeyIndex key = asked.keys[0];
  if (word == "STORED" || word == "HD") {
    model_.acknowledge_write(asked.write, world_.now());
    model_.promise(key, {id_, asked.begun, world_.now()});
    own_floor_[key] = asked.begun;
    return;
  }
  const bool cas = asked.verb == "cas" || asked.verb == "ms C";
  const bool add = asked.verb == "add" || asked.verb == "ms ME";
  const bool set = asked.verb == "set" || asked.verb == "ms" || asked.verb == "ms MS";
  const bool not_stored = word == "NOT_STORED" || word == "NS";
  const bool exists = word == "EXISTS" || word == "EX";
  const bool not_found = word == "NOT_FOUND" || word == "NF";
  const bool possible = cas ? exists || not_found : not_stored && !set;
  if (!possible && model_.trusts(key)) unexpected(asked, reply_);
  if (model_.trusts(key)) model_.refuse_write(asked.write);
  if (exists || add) return model_.check_removed(key);
  model_.check_missing(key, floor_of(asked, 0));
}

void FakeClient::judge_remove(Asked& asked, Bytes word) {
  const KeyIndex key = asked.keys[0];
  if (asked.spares && (word == "HD" || word == "EX")) {
    model_.check_removed(key);
    // Gone, or as it was: reads may say either.
    return model_.end_remove(key, Instant{}, word == "HD" ? never : Instant{});
  }
  if (word == "DELETED" || word == "HD") {
    model_.check_removed(key);
    model_.end_remove(key, asked.begun, world_.now());
    model_.promise(key, {id_, asked.begun, world_.now()});
    own_floor_[key] = asked.begun;
    return;
  }
  if (word != "NOT_FOUND" && word != "NF" && model_.trusts(key)) unexpected(asked, reply_);
  // It found nothing and removed nothing: the key was absent at some moment.
  model_.end_remove(key, Instant{}, Instant{});
  model_.check_missing(key, floor_of(asked, 0));
}

// Counting what is no counter finds text, or nothing.
void FakeClient::judge_count(Asked& asked, const WireReply& reply) {
  const KeyIndex key = asked.keys[0];
  const Bytes word = reply.word();
  if (word == "NOT_FOUND" || word == "NF") {
    if (asked.has_write && model_.trusts(key)) model_.refuse_write(asked.write);
    if (asked.verb == "ma N" && model_.trusts(key)) unexpected(asked, reply);
    return model_.check_missing(key, floor_of(asked, 0));
  }
  if (word == "CLIENT_ERROR") return model_.check_removed(key);
  if (!asked.has_write) {
    if (model_.trusts(key)) unexpected(asked, reply);
    return;
  }
  const bool lax = !model_.trusts(key);
  const bool silent = asked.meta && word == "HD" && (!asked.wants_value || lax);
  const bool whole =
      asked.meta ? word == "VA" && (asked.wants_value || lax) : reply.words.size() == 1;
  if (!whole && !silent) unexpected(asked, reply);
  if (whole)
    model_.check_value(key, asked.meta ? reply.value : word, floor_of(asked, 0), reader(asked));
  model_.acknowledge_write(asked.write, world_.now());
  // As it was when this was asked: others have written since.
  own_floor_[key] = std::max(own_floor_[key], floor_of(asked, 0).all);
}

void FakeClient::judge_touch(Asked& asked, Bytes word) {
  if (word == "TOUCHED") return model_.check_removed(asked.keys[0]);
  if (word != "NOT_FOUND" && model_.trusts(asked.keys[0])) unexpected(asked, reply_);
  model_.check_missing(asked.keys[0], floor_of(asked, 0));
}

// --- Errors -------------------------------------------------------------------

void FakeClient::judge_error(Asked& asked, const WireReply& reply) {
  const bool lied =
      std::ranges::any_of(asked.keys, [&](KeyIndex key) { return !model_.trusts(key); });
  const bool own = reply.line.starts_with("SERVER_ERROR ringway: ") || complaint(asked, reply);
  if (!own && !lied && !(asked.kind == Kind::flush && model_.tally.lies > 0))
    unexpected(asked, reply);
  // Somebody whom nobody knows yet cannot be flushed, and that is told.
  const bool joins = asked.kind == Kind::flush && reply.line.ends_with(" is joining");
  SIM_REQUIRE(joins || excused(asked) || no_memory(reply), "nothing was wrong, yet %s got '%.*s'",
              waiting_for().c_str(), static_cast<int>(reply.line.size()), reply.line.data());
  const bool reads = asked.kind == Kind::read || asked.kind == Kind::debug;
  SIM_REQUIRE(!reads || lied || model_.reads_may_fail(), "%s got '%.*s', and not a miss",
              waiting_for().c_str(), static_cast<int>(reply.line.size()), reply.line.data());
  never_known(asked);
  ++model_.tally.errors;
}

// What a server says that did not want to read a value.
bool FakeClient::complaint(const Asked& asked, const WireReply& reply) const {
  return asked.kind == Kind::write && model_.key(asked.keys[0]).complained &&
         (reply.line == "ERROR" || reply.line == "CLIENT_ERROR bad data chunk");
}

bool FakeClient::no_memory(const WireReply& reply) const {
  return model_.short_of_memory() &&
         reply.line.starts_with("SERVER_ERROR ringway: memory_max is reached");
}

// A long read asks its later keys only when it is at the head of the client's
// line: then it waits for whatever those before it wait for.
bool FakeClient::excused(const Asked& asked) const {
  if (asked.kind == Kind::flush && model_.anybody_excused(asked.begun)) return true;
  return router_stops_ || plan_.slow_bytes > 0 ||
         std::ranges::any_of(asked.quiet, [&](const Asked& one) { return excused(one); }) ||
         std::ranges::any_of(asked.keys, [&](KeyIndex key) { return excused(asked, key); });
}

bool FakeClient::excused(const Asked& asked, KeyIndex key) const {
  const bool many = asked.keys.size() > plan_.keys_per_ask;
  const bool plain_read = asked.verb == "get" || asked.verb == "gets";
  if (many && model_.anybody_excused(asked.begun, plain_read)) return true;
  return router_stops_ || plan_.slow_bytes > 0 || model_.excused(key, asked.begun, plain_read);
}

void FakeClient::settle() {
  ++model_.tally.answered;
  heard_at_ = world_.now();
  asked_.pop_front();
}

bool FakeClient::take_stat(const Asked& asked, const WireReply& reply) {
  if (reply.line == "END") return false;
  if (!reply.line.starts_with("STAT ") || reply.words.size() < 3) unexpected(asked, reply);
  return true;
}

}  // namespace ringway::sim
