// One request of a client, whatever its protocol: what routes and the carrying core decide by, and
// what its protocol needs to write it anew. All views point into the bytes that were parsed, so it
// dies with the turn.
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"
#include "ringway/proto/command_id.h"

namespace ringway::proto {

inline constexpr std::size_t key_bytes_max = 250;

// What a request does to its keys. Of the request, not of its command: one command may do several.
enum class Effect : std::uint8_t {
  reads,      // Changes nothing: may be asked again elsewhere.
  stores,     // Puts a value there, whatever was there before.
  modifies,   // Puts a value there depending on what is there: add, append, cas.
  removes,    //
  counts,     // Arithmetic.
  touches,    // Changes only the time to live.
  local,      // Answered by ringway itself.
  broadcast,  // To every server, where the pool allows it.
};

// Whether its server holds another value afterwards.
constexpr bool changes_value(Effect effect) {
  return effect == Effect::stores || effect == Effect::modifies || effect == Effect::removes ||
         effect == Effect::counts;
}

// What it means that a request was lost on its way: whether its server may now hold something
// older than its client believes. Such a key is owed: deleted there before anybody reads it.
enum class IfLost : std::uint8_t {
  nothing,      // It would have changed nothing.
  no_older,     // What is there is what the client believes, or what it must look at first: add,
                // cas, arithmetic, touch. Deleting it would cost others' locks and counters.
  owed_untold,  // A part is missing, and whoever was told so knows: append, prepend.
  owed_marked,  // It was to mark what is there as old, which stays: md with I.
  owed,         // It was to replace or to remove what is there: set, replace, delete.
};

struct Request {
  CommandId command;
  Effect effect = Effect::reads;
  IfLost if_lost = IfLost::nothing;
  bool many_keys = false;  // Its command takes several; `keys` has them all.
  bool noreply = false;    // Nothing of it is told.
  bool quiet = false;      // Success is not told (memcached's meta flag q).
  bool cas_given = false;  // It compares a token (`cas`) with that of the value.
  bool retry_safe = true;  // False for a read that changes something: never asked twice.
  std::uint32_t key_count = 0;
  Bytes key;    // The first key, as written; empty for requests without one.
  Bytes keys;   // Of reads of several keys: all, as next_key() takes them apart.
  Bytes memo;   // What its protocol must know again when the reply comes, or when it is
                // asked once more: its flags as written.
  Bytes value;  // Its payload.
  std::uint64_t cas = 0;

  // What else its protocol read; nobody else's business.
  bool fenced = false;       // ma with N and q: silent unless it creates its item. Only the server
                             // knows, so it is asked as it is, with an mn behind it.
  bool base64 = false;       // Meta flag b: `key` is the encoded form.
  bool wants_value = false;  // Meta flag v.
  bool wants_key = false;    // Meta flag k: the reply carries the key as sent.
  Bytes opaque;              // Meta flag O's token, without the letter; data() null: none.
  std::uint64_t flags = 0;   // Client flags of storage commands.
  std::int64_t exptime = 0;  // As given: relative, absolute or negative.
  std::uint64_t delta = 0;   // incr, decr.
  Bytes argument;            // version, verbosity, quit, flush_all, mn: the rest of the line;
                             // stats: of what.
};

struct RequestLimits {
  std::uint64_t value_max = 1024 * 1024;  // Bytes of a payload.
  std::uint32_t keys_per_get_max = ~0u;
};

enum class RequestStatus : std::uint8_t {
  incomplete,  // More bytes are needed; nothing is consumed.
  complete,    // `request` is valid; `consumed` bytes belong to it.
  rejected,    // `error` is the reply (empty: say nothing); consume and swallow, go on.
  refused,     // Like rejected, but framing is lost: answer `error`, then finish the connection.
  closed,      // Close without a word (a line of HTTP, an endless line).
};

struct ParsedRequest {
  RequestStatus status = RequestStatus::incomplete;
  std::size_t consumed = 0;       // Bytes of the input that this request or error takes.
  std::size_t needed = 0;         // incomplete: the total that is needed, if already known.
  std::size_t scanned = 0;        // incomplete: bytes known to hold no line end; hand back in.
  std::uint64_t swallow = 0;      // rejected: so many bytes after `consumed` are payload to drop.
  std::uint64_t value_bytes = 0;  // rejected: of a payload that is larger than value_max; else 0.
  Bytes error;                    // Without a line end. Static text.
  // rejected for a value too large: the key whose old value must go, if the command
  // would have replaced it, as `request` has it written. Of others `request.if_lost` says what an
  // older value means.
  Bytes unlink_key;
  Request request;
};

}  // namespace ringway::proto
