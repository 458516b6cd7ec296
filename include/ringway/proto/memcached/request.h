// One memcached request, parsed in place: all views point into the bytes that
// were parsed. Numbers and keys are checked here, because what memcached would
// misparse must never reach a connection that clients share.
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"
#include "ringway/proto/memcached/command.h"

namespace ringway::proto::memcached {

inline constexpr std::size_t key_bytes_max = 250;

struct Request {
  Command command = Command::get;
  bool noreply = false;      // Classic `noreply`, honoured where the table says so.
  bool quiet = false;        // Meta flag q.
  bool fenced = false;       // ma with N and q: silent unless it creates its item. Only the server
                             // knows, so it is asked as it is, with an mn behind it.
  bool base64 = false;       // Meta flag b: `key` is the encoded form.
  bool cas_given = false;    // Meta flag C, or the command cas.
  bool retry_safe = true;    // False for an mg with N, R, E or T: never asked twice.
  bool wants_value = false;  // Meta flag v.
  bool wants_key = false;    // Meta flag k: the reply carries the key as sent.
  std::uint32_t key_count = 0;
  Bytes key;                 // The first key (as written); empty for commands without one.
  Bytes keys;                // get family: all keys with single spaces or more between them.
  Bytes opaque;              // Meta flag O's token, without the letter; data() null: none.
  Bytes meta_flags;          // Meta: the flag tokens as written, `q` still among them.
  Bytes value;               // Payload without its CRLF.
  std::uint64_t flags = 0;   // Client flags of storage commands.
  std::int64_t exptime = 0;  // As given: relative, absolute or negative.
  std::uint64_t cas = 0;
  std::uint64_t delta = 0;  // incr, decr.
  Bytes argument;           // version, verbosity, quit, flush_all, mn: the rest of the line;
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
  std::size_t consumed = 0;   // Bytes of the input that this request or error takes.
  std::size_t needed = 0;     // incomplete: the total that is needed, if already known.
  std::size_t scanned = 0;    // incomplete: bytes known to hold no newline; hand back in.
  std::uint64_t swallow = 0;  // rejected: so many bytes after `consumed` are payload to drop.
  Bytes error;                // Without CRLF. Static text.
  bool too_large = false;     // rejected: its payload is larger than value_max.
  // rejected for a value too large: the key whose old value must go, if the command
  // would have replaced it (request.base64: in its encoded form).
  Bytes unlink_key;
  Request request;
};

// Parses the first request of `input`. `out.scanned` is read and written: 0 for a
// fresh start. Never reads past `input`, never allocates, accepts any bytes.
// The outcome depends on the bytes alone, not on how they arrived. `rejected` also
// covers what needs no server: its `error` may be "END" (a gat without keys).
void parse_request(Bytes input, const RequestLimits& limits, ParsedRequest& out);

// The bytes of meta flag b decoded; false if they do not decode to 1..250 bytes.
// `out` has room for key_bytes_max bytes.
bool decode_key(Bytes encoded, char* out, std::size_t& size);

// A key as it is hashed: decoded where flag b says that it is encoded. Views the key it was
// given, or a copy of its own.
class HashedKey {
 public:
  HashedKey(Bytes key, bool base64) : key_(key) {
    std::size_t size = 0;
    if (base64 && decode_key(key, decoded_, size)) key_ = {decoded_, size};
  }
  HashedKey(const HashedKey&) = delete;
  HashedKey& operator=(const HashedKey&) = delete;

  Bytes get() const { return key_; }

 private:
  char decoded_[key_bytes_max];
  Bytes key_;
};

// The other way. `out` has room for encoded_key_bytes_max bytes.
inline constexpr std::size_t encoded_key_bytes_max = (key_bytes_max + 2) / 3 * 4;
Bytes encode_key(Bytes key, char* out);
// Whether a key can stand in a line as it is.
bool is_plain_key(Bytes key);

// Walks the keys of a get line: `for (Bytes key; next_key(rest, key);)`.
bool next_key(Bytes& rest, Bytes& key);

// How a request is written to a server: from parsed fields only, never copied
// through; noreply and q are left out, so that every request has a reply.
// Not for the get family with several keys (see write_get_head in request_writer.h);
// commands answered locally are written as their bare name.
std::size_t serialized_bytes_max(const Request& request);
char* serialize(const Request& request, char* out);  // Returns one past the last byte.

}  // namespace ringway::proto::memcached
