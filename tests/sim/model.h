// What may be true: which server owns a key, which values a read may return, when
// an error is excusable. It knows nothing of how the router works; it sees what
// clients asked and heard, and what servers did.
//
// Reads are judged by intervals. A write takes effect somewhere between the moment
// it was asked and the moment it was acknowledged (for ever, if it never was). A
// value is too old if another write of its key began after it had been
// acknowledged, and was acknowledged itself before the read began. `Floor` is the
// latest such beginning: one number per read; a second one knows only of what the
// key's home did itself, for what it holds after it was out.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"
#include "ringway/config/config.h"

namespace ringway::sim {

using KeyIndex = std::uint32_t;
using WriteId = std::uint32_t;
using ClientId = std::uint32_t;

struct Floor {
  Instant all{};
  Instant home{};
};

// A client replaced or removed a key at `begun`, and was told at `told` that it had succeeded, or
// by then would have heard if it had not.
struct Promise {
  ClientId by;
  Instant begun;
  Instant told;
};

// What a key is used for, so that every value can be judged.
enum class KeyUse : std::uint8_t {
  value,    // Whole values come and go: the last that was written.
  counter,  // A number: its base and the sum of what was added and taken.
  log,      // A list: every part that was appended, once.
};

struct Key {
  std::string text;
  std::string encoded;  // In base64; empty if that is too long for a key.
  KeyUse use = KeyUse::value;
  std::uint32_t owner = 0;          // The server it belongs to at the start.
  bool moved = false;               // It changed hands: what it holds is not known any more.
  bool complained = false;          // A server refused to read a value for it.
  Floor floor{};                    // See above.
  Instant gone_at_home{};           // When it was last removed there, by whomever.
  Instant absent_until{};           // Until when something could have made it absent.
  std::uint32_t removing = 0;       // Deletes whose end is not known yet.
  bool wiped = false;               // What was there before may be there no more.
  bool executed_late = false;       // By a server, after the router had given up the connection.
  std::vector<Promise> promises{};  // See promise().
  std::vector<WriteId> parts{};     // Of counters and logs.
};

// Either a whole value (of counters and logs: their first), or a part: an amount to
// add, a piece to append.
struct Write {
  KeyIndex key;
  ClientId by;
  std::uint32_t bytes;
  std::int64_t amount;
  Instant begun;
  Instant ended;  // never: not acknowledged (yet).
  bool part;
  bool refused = false;   // Nothing came of it.
  bool executed = false;  // A server has seen it,
  bool at_home = false;   // and was the key's own.
};

// Who asks, when, and (for the reply to a write) what it must show.
struct Reader {
  ClientId by = 0;
  Instant begun{};
  WriteId own = 0;
  bool has_own = false;
};

// What was seen, to be compared with what the router counted.
struct Tally {
  std::uint64_t requests = 0;
  std::uint64_t keys = 0;
  std::uint64_t rejected = 0;  // Not allowed by the protocol.
  std::uint64_t answered = 0;
  std::uint64_t errors = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t unheard = 0;     // Given up by their client.
  std::uint64_t executed = 0;    // By servers, greetings not counted.
  std::uint64_t touches = 0;     // Of those.
  std::uint64_t lies = 0;        // Of servers.
  std::uint64_t complaints = 0;  // Of servers, that were none of the model's.
};

// What servers say that lie about a key.
inline constexpr Bytes foreign_value = "x";

class Model {
 public:
  // Owners are given by whoever built the distribution.
  KeyIndex add_key(std::string text, std::uint32_t owner, KeyUse use);
  std::size_t keys() const { return keys_.size(); }
  const Key& key(KeyIndex index) const { return keys_[index]; }
  // Fail the run if the text is no key of this run.
  KeyIndex index_of(Bytes text) const;
  KeyIndex index_of_encoded(Bytes text) const;

  Floor floor(KeyIndex key) const { return keys_[key].floor; }
  WriteId begin_write(KeyIndex key, ClientId by, std::uint32_t bytes, Instant now);
  WriteId begin_part(KeyIndex key, ClientId by, std::int64_t amount, Instant now);
  void acknowledge_write(WriteId write, Instant now);
  // It had no effect and never will.
  void refuse_write(WriteId write) { writes_[write].refused = true; }
  // Once all is well, no server holds what is older.
  void promise(KeyIndex key, const Promise& promise) { keys_[key].promises.push_back(promise); }
  // In this run what is given up without telling anybody is owed.
  void keep_promises() { promises_kept_ = true; }
  void note_late(KeyIndex key) { keys_[key].executed_late = true; }
  void begin_remove(KeyIndex key);
  // `gone`: until when it could have taken effect; never, if nobody knows.
  void end_remove(KeyIndex key, Instant begun, Instant gone);
  void wiped(std::uint32_t server, Instant now);

  // It belongs to somebody else, for a time or for good, or its server is another one.
  void move(KeyIndex key) { keys_[key].moved = true; }
  void move_all_of(std::uint32_t server);
  bool relocated(std::uint32_t server) const { return (relocated_ >> server & 1) != 0; }
  // Servers are taken out of the configuration.
  void let_servers_go() { servers_go_ = true; }
  bool servers_go() const { return servers_go_; }
  // A server answers a write of it with an error of its own, before the value is there.
  void complain(KeyIndex key) { keys_[key].complained = true; }

  // The value that belongs to a write; checks are on the exact bytes.
  void append_value(WriteId write, std::string& out) const;
  std::uint32_t flags(WriteId write) const;
  // Of everything about a key that has a time to live; nothing expires within a run.
  std::int64_t exptime(KeyIndex key) const { return key % 3 == 0 ? 0 : 100'000 + key; }
  // A server stores this; fails the run if it is no write of that key, or one that
  // was seen before.
  void execute_write(KeyIndex key, std::uint32_t server, std::uint64_t flags, Bytes value);
  void execute_remove(KeyIndex key, std::uint32_t server, Instant now);
  bool may_be_owed(KeyIndex key) const;
  // Somebody read this: it must be the key's, whole and possible.
  void check_value(KeyIndex key, Bytes value, Floor floor, const Reader& reader);
  void check_flags(KeyIndex key, std::uint64_t flags, Bytes value) const;
  void check_missing(KeyIndex key, Floor floor) const;
  void check_removed(KeyIndex key) const;

  // A server has said what is not true: what its keys hold cannot be judged any more.
  void distrust(std::uint32_t server);
  // Nor what a key holds that was moved: it may be as old as when it was there last.
  bool trusts(KeyIndex key) const {
    const Key& what = keys_[key];
    return !what.moved && !lied_[what.owner] && !wandered_[what.owner];
  }

  // Who may be asked for a key now, or to remove it.
  using MayServe = std::function<bool(KeyIndex, std::uint32_t, bool)>;
  void set_may_serve(MayServe may) { may_serve_ = std::move(may); }
  bool may_serve(KeyIndex key, std::uint32_t server, bool removing) const {
    return may_serve_(key, server, removing);
  }
  // Whether a server may be asked who it is on a connection that it has greeted.
  using MayCheck = std::function<bool(std::uint32_t)>;
  void set_may_check(MayCheck may) { may_check_ = std::move(may); }
  bool may_check(std::uint32_t server) const { return may_check_(server); }
  // One configuration tells reads that fail as misses. (If none tells them as errors, no
  // read may fail.)
  void note_read_error(config::OnReadError told) {
    (told == config::OnReadError::miss ? misses_ : fails_) = true;
  }
  // One tells writes that fail as not stored, or what they would write to as not found.
  void note_write_error(config::OnWriteError told) {
    unstored_ |= told == config::OnWriteError::not_stored;
  }
  bool writes_may_be_unstored() const { return unstored_; }
  bool reads_may_miss() const { return misses_; }
  bool reads_may_fail() const { return fails_; }
  // Memory may be short: what is large may be refused for that.
  void set_short_of_memory(bool is) { short_of_memory_ = is; }
  bool short_of_memory() const { return short_of_memory_; }
  // A server was out: what its keys hold is judged again once all is settled.
  void wander(std::uint32_t server) { wandered_[server] = true; }
  // All servers are up, and what was owed is delivered.
  void settle() { settled_ = true; }
  // Of so many keys of a server it may be forgotten that their home missed something.
  using Forgotten = std::function<std::uint64_t(std::uint32_t)>;
  void set_forgotten(Forgotten forgotten) { forgotten_ = std::move(forgotten); }
  // Where keys are not at home, in some configuration of this run.
  void add_ttl_max(Duration time) {
    ttl_max_s_.push_back(std::chrono::ceil<std::chrono::seconds>(time).count());
  }
  const std::vector<std::int64_t>& ttl_max_s() const { return ttl_max_s_; }

  // Until when requests to a server may fail without the router being to blame.
  void excuse(std::uint32_t server, Instant until);
  // The same, but for reads of commands that every server knows.
  void excuse_but_reads(std::uint32_t server, Instant until);
  // In this run such reads may fail with others: not all are asked again.
  void excuse_reads_too() { reads_too_ = true; }
  void excuse_all(Instant until) { all_excused_until_ = std::max(all_excused_until_, until); }
  // While connections that died without a word may still be found.
  void excuse_everything(bool excused) { everything_excused_ = excused; }
  // `plain_read`: every server knows it, and it changes nothing.
  bool excused(KeyIndex key, Instant asked, bool plain_read = false) const;
  bool anybody_excused(Instant asked, bool plain_read = false) const;

  // Whether the router may say, and whether it must, that it has nobody to ask, to whom asked
  // for its version at `asked`.
  struct Service {
    bool may_be_out;
    bool must_be_out;
  };
  using ServiceSince = std::function<Service(Instant)>;
  void set_service(ServiceSince since) { service_ = std::move(since); }
  Service service(Instant asked) const { return service_(asked); }

  Tally tally;

 private:
  WriteId parse_whole(KeyIndex key, Bytes value) const;
  WriteId take_part(KeyIndex key, Bytes& rest) const;
  void check_number(KeyIndex key, Bytes value, const Reader& reader) const;
  void check_log(KeyIndex key, Bytes value, const Reader& reader) const;
  void check_at_home(KeyIndex key, WriteId write, Floor floor);
  void check_promises(KeyIndex key, WriteId write, const Reader& reader);
  bool at_home(const Key& key) const { return settled_ && !lied_[key.owner] && !key.moved; }
  bool required(const Key& key, WriteId write, const Reader& reader) const;

  std::vector<Key> keys_;
  std::vector<Write> writes_;
  std::vector<Instant> excused_until_;
  std::vector<Instant> but_reads_until_;
  bool reads_too_ = false;
  ServiceSince service_;
  std::vector<bool> lied_;
  std::vector<bool> wandered_;
  bool settled_ = false;
  bool promises_kept_ = false;
  bool misses_ = false;
  bool unstored_ = false;
  bool fails_ = false;
  bool servers_go_ = false;
  bool short_of_memory_ = false;
  std::uint64_t relocated_ = 0;  // Bits.
  std::vector<std::int64_t> ttl_max_s_;
  MayServe may_serve_;
  MayCheck may_check_;
  Forgotten forgotten_;
  std::set<KeyIndex> stale_;  // Seen at home although it had been replaced elsewhere.
  Instant all_excused_until_{};
  bool everything_excused_ = false;
};

}  // namespace ringway::sim
