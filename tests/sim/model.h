// What may be true: which server owns a key, which values a read may return, when
// an error is excusable. It knows nothing of how the router works; it sees what
// clients asked and heard, and what servers did.
//
// Reads are judged by intervals. A write takes effect somewhere between the moment
// it was asked and the moment it was acknowledged (for ever, if it never was). A
// value is too old if another write of its key began after it had been
// acknowledged, and was acknowledged itself before the read began. `Floor` is the
// latest such beginning: one number per read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringway/base/bytes.h"
#include "ringway/base/time.h"

namespace ringway::sim {

using KeyIndex = std::uint32_t;
using WriteId = std::uint32_t;
using Floor = Instant;

struct Key {
  std::string text;
  std::uint32_t owner = 0;     // The server it belongs to.
  Floor floor{};               // See above.
  Instant absent_until{};      // Until when something could have made it absent.
  std::uint32_t removing = 0;  // Deletes whose end is not known yet.
};

struct Write {
  KeyIndex key;
  std::uint32_t bytes;
  Instant begun;
  Instant ended;  // never: not acknowledged (yet).
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
  std::uint64_t unheard = 0;   // Given up by their client.
  std::uint64_t executed = 0;  // By servers, greetings not counted.
};

class Model {
 public:
  // Owners are given by whoever built the distribution.
  KeyIndex add_key(std::string text, std::uint32_t owner);
  std::size_t keys() const { return keys_.size(); }
  const Key& key(KeyIndex index) const { return keys_[index]; }
  // Fails the run if the text is no key of this run.
  KeyIndex index_of(Bytes text) const;

  Floor floor(KeyIndex key) const { return keys_[key].floor; }
  WriteId begin_write(KeyIndex key, std::uint32_t bytes, Instant now);
  void acknowledge_write(WriteId write, Instant now);
  void begin_remove(KeyIndex key);
  // `gone`: until when it could have taken effect; never, if nobody knows.
  void end_remove(KeyIndex key, Instant begun, Instant gone);
  void wiped(std::uint32_t server, Instant now);

  // The value that belongs to a write; checks are on the exact bytes.
  void append_value(WriteId write, std::string& out) const;
  std::uint32_t flags(WriteId write) const { return (write * 7919u) & 0xffff; }
  // Fails the run unless this is the value of a write of that key.
  WriteId check_value(KeyIndex key, std::uint64_t flags, Bytes value) const;
  void check_read(KeyIndex key, WriteId write, Floor floor) const;
  void check_missing(KeyIndex key, Floor floor) const;
  void check_removed(KeyIndex key) const;

  // Until when requests to a server may fail without the router being to blame.
  void excuse(std::uint32_t server, Instant until);
  void excuse_all(Instant until) { all_excused_until_ = std::max(all_excused_until_, until); }
  // While connections that died without a word may still be found.
  void excuse_everything(bool excused) { everything_excused_ = excused; }
  bool excused(KeyIndex key, Instant asked) const;
  bool anybody_excused(Instant asked) const;

  Tally tally;

 private:
  std::vector<Key> keys_;
  std::vector<Write> writes_;
  std::vector<Instant> excused_until_;
  Instant all_excused_until_{};
  bool everything_excused_ = false;
};

}  // namespace ringway::sim
