// The keys whose values a connection may still change, by what it was asked and has not answered.
// Whoever is given up behind such a request owes a delete that must go behind it, too: on another
// connection it would come first. Looked through when something is given up, never before.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "ringway/base/bytes.h"

namespace ringway::proxy {

struct ServerConn;

enum class PendingChange : std::uint8_t {
  none,
  change,   // The last that may change it is a request of a client,
  removal,  // or a delete that is owed.
};

class PendingKeys {
 public:
  // `key` as it is hashed. Costs a look at the whole FIFO if it has grown since the last time.
  PendingChange last(const ServerConn& conn, Bytes key);
  // A delete that is owed of it is now the last in the FIFO.
  void note_removal(const ServerConn& conn, Bytes key);
  // Something left the FIFO from its middle.
  void forget() { changes_.clear(), asked_ = 0; }

 private:
  struct Change {
    std::uint64_t number;  // Of the request, as ServerConn::asked counts.
    bool removes;
  };

  void look_through(const ServerConn& conn);

  std::unordered_map<std::uint64_t, Change> changes_;  // The last of each key, by its hash.
  std::uint64_t asked_ = 0;                            // How many requests were looked through.
};

}  // namespace ringway::proxy
