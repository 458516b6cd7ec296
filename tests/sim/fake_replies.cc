// What a fake client thinks of the replies it gets.
#include <algorithm>

#include "sim/fail.h"
#include "sim/fake_client.h"

namespace ringway::sim {

void FakeClient::take_replies() {
  while (taken_ < input_.size()) {
    WireReply reply;
    const Framed framed = next_reply(Bytes(input_).substr(taken_), reply);
    SIM_REQUIRE(framed != Framed::broken, "a client got rubbish: '%.*s'",
                static_cast<int>(std::min<std::size_t>(reply.line.size(), 80)), reply.line.data());
    if (framed == Framed::incomplete) break;
    if (rejected(reply)) return;
    SIM_REQUIRE(!asked_.empty(), "a client got '%.*s' and had asked for nothing",
                static_cast<int>(reply.line.size()), reply.line.data());
    take(reply);
    taken_ += reply.size;
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
  SIM_REQUIRE(plan_.patience == Duration::zero() || world_.now() - since <= plan_.patience,
              "a reply took %lld us: %s",
              static_cast<long long>((world_.now() - since).count() / 1000), waiting_for().c_str());
  if (asked.kind == Kind::broken) {
    SIM_REQUIRE(reply.line == asked.expected, "'%.*s' was due and '%.*s' came",
                static_cast<int>(asked.expected.size()), asked.expected.data(),
                static_cast<int>(reply.line.size()), reply.line.data());
    return settle();
  }
  if (reply.line.find("ERROR") != Bytes::npos) return take_error(asked, reply);
  switch (asked.kind) {
    case Kind::get: return take_get_line(asked, reply);
    case Kind::set: return take_set_line(asked, reply);
    case Kind::remove: return take_remove_line(asked, reply);
    default: break;
  }
  SIM_REQUIRE(reply.line.starts_with("VERSION "), "version got '%.*s'",
              static_cast<int>(reply.line.size()), reply.line.data());
  settle();
}

// No write of our own that was acknowledged by now may be invisible: the router
// keeps the order of one connection.
Floor FakeClient::floor_of(const Asked& asked, std::size_t i) const {
  if (!plan_.reads_own_writes) return asked.floors[i];
  return std::max(asked.floors[i], own_floor_[asked.keys[i]]);
}

void FakeClient::take_value(Asked& asked, const WireReply& reply) {
  SIM_REQUIRE(asked.kind == Kind::get, "a VALUE instead of a reply to %s", waiting_for().c_str());
  const KeyIndex key = model_.index_of(reply.key);
  const auto begin = asked.keys.begin() + static_cast<std::ptrdiff_t>(asked.next_key);
  const auto found = std::find(begin, asked.keys.end(), key);
  SIM_REQUIRE(found != asked.keys.end(), "a VALUE for key %u, not asked or out of order, for %s",
              key, waiting_for().c_str());
  const auto index = static_cast<std::size_t>(found - asked.keys.begin());
  miss_before(asked, index);
  const WriteId write = model_.check_value(key, reply.flags, reply.value);
  model_.check_read(key, write, floor_of(asked, index));
  asked.next_key = index + 1;
  ++model_.tally.hits;
}

// Whether a key was really missed is known at the end: END says so; after an error
// it may also be one whose server failed.
void FakeClient::miss_before(Asked& asked, std::size_t end) {
  for (; asked.next_key < end; ++asked.next_key) asked.missed.push_back(asked.next_key);
}

void FakeClient::take_get_line(Asked& asked, const WireReply& reply) {
  SIM_REQUIRE(reply.line == "END", "get got '%.*s'", static_cast<int>(reply.line.size()),
              reply.line.data());
  miss_before(asked, asked.keys.size());
  for (const std::size_t i : asked.missed) model_.check_missing(asked.keys[i], floor_of(asked, i));
  model_.tally.misses += asked.missed.size();
  settle();
}

void FakeClient::take_set_line(Asked& asked, const WireReply& reply) {
  SIM_REQUIRE(reply.line == "STORED", "set got '%.*s'", static_cast<int>(reply.line.size()),
              reply.line.data());
  model_.acknowledge_write(asked.write, world_.now());
  own_floor_[asked.keys[0]] = asked.begun;
  settle();
}

void FakeClient::take_remove_line(Asked& asked, const WireReply& reply) {
  const KeyIndex key = asked.keys[0];
  const bool deleted = reply.line == "DELETED";
  SIM_REQUIRE(deleted || reply.line == "NOT_FOUND", "delete got '%.*s'",
              static_cast<int>(reply.line.size()), reply.line.data());
  if (deleted) {
    model_.check_removed(key);
    model_.end_remove(key, asked.begun, world_.now());
    own_floor_[key] = asked.begun;
  } else {
    // It found nothing and removed nothing: the key was absent at some moment.
    model_.end_remove(key, Instant{}, Instant{});
    model_.check_missing(key, floor_of(asked, 0));
  }
  settle();
}

void FakeClient::take_error(Asked& asked, const WireReply& reply) {
  SIM_REQUIRE(reply.line.starts_with("SERVER_ERROR ringway: "), "%s got '%.*s'",
              waiting_for().c_str(), static_cast<int>(reply.line.size()), reply.line.data());
  SIM_REQUIRE(excused(asked), "nothing was wrong, yet %s got '%.*s'", waiting_for().c_str(),
              static_cast<int>(reply.line.size()), reply.line.data());
  if (asked.kind == Kind::remove) model_.end_remove(asked.keys[0], asked.begun, never);
  ++model_.tally.errors;
  settle();
}

// A long read asks its later keys only when it is at the head of the client's
// line: then it waits for whatever those before it wait for.
bool FakeClient::excused(const Asked& asked) const {
  if (asked.keys.size() > plan_.keys_per_ask && model_.anybody_excused(asked.begun)) return true;
  return router_stops_ || plan_.slow_bytes > 0 ||
         std::ranges::any_of(asked.keys,
                             [&](KeyIndex key) { return model_.excused(key, asked.begun); });
}

void FakeClient::settle() {
  ++model_.tally.answered;
  heard_at_ = world_.now();
  asked_.pop_front();
}

}  // namespace ringway::sim
