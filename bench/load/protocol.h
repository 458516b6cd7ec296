// The seam between the generator and the language it speaks: how a request is
// written and how the next reply is read and judged. Today memcached's text
// protocol; another one is another implementation and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/counts.h"
#include "bench/load/fifo.h"
#include "bench/load/keys.h"
#include "bench/load/source.h"

namespace ringway::bench {

// One request that has been sent and not yet answered.
struct Pending {
  std::int64_t due_ns = 0;  // Latency counts from here.
  std::uint32_t keys = 0;
  Kind kind = Kind::get;
};

// What one connection still owes us, oldest first, and how far the reply that is
// arriving has been read. `keys` holds the keys of all pending requests in order.
struct Owed {
  Fifo<Pending> requests;
  Fifo<KeyId> keys;
  std::uint32_t keys_seen = 0;  // Of the front request: values read or passed over.
  std::size_t value_left = 0;   // Bytes of a value still to come, with its line end.
  std::size_t value_size = 0;
  bool value_judged = false;  // Already counted as wrong, or of a key not asked for.

  void push(const Request& request, std::int64_t due_ns) {
    requests.push({.due_ns = due_ns,
                   .keys = static_cast<std::uint32_t>(request.keys.size()),
                   .kind = request.kind});
    for (const KeyId key : request.keys) keys.push(key);
  }
  void settle() {
    keys.pop(requests.front().keys);
    requests.pop();
    keys_seen = 0;
  }
  void clear() {
    requests.clear();
    keys.clear();
    keys_seen = 0;
    value_left = 0;
  }
};

enum class Progress : std::uint8_t {
  incomplete,  // All whole lines and bytes were used; more must come.
  settled,     // The oldest request is answered; Owed::settle() is the caller's.
  broken,      // What arrived cannot belong to the request: the stream is lost.
};

struct Step {
  std::size_t used;  // Bytes of the input.
  Progress progress;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual void append(std::string& out, const Request& request) const = 0;
  // Reads on, at most to the end of one reply, and counts what is wrong with it.
  virtual Step read(Owed& owed, std::string_view input, Counts& counts) const = 0;
};

// REQUIRES: `keys` outlives the protocol.
std::unique_ptr<Protocol> make_memcached_protocol(const KeySet& keys);

}  // namespace ringway::bench
