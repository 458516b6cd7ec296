// What servers say, piece by piece: judged once, when its first piece is there, by the protocol
// that both speak. A reply is a head, perhaps with a body behind it, and perhaps more of both.
#pragma once

#include <cstdint>

#include "ringway/base/bytes.h"
#include "ringway/proto/command_id.h"
#include "ringway/proto/outcome.h"

namespace ringway::proto {

// What a reply is judged by: what was kept of its request.
struct Asked {
  CommandId command;
  bool gathered = false;  // It has several keys, or goes to several servers: which of its keys a
                          // piece names is judged by whoever asked.
  Bytes key;              // As it was written.
  Bytes memo;
};

// How far the present reply of a connection has come. All zero between two replies.
struct Framing {
  std::uint64_t body_left = 0;  // Of the value that is arriving, its line end included.
  bool begun = false;           // A head came.
  bool ends = false;            // The body that is arriving is the end of the reply.
};

// The head of a reply, or of a part of it. A body behind it is as long as it says and ends with a
// line end; nobody reads it.
struct Piece {
  enum class Is : std::uint8_t {
    incomplete,  // More bytes are needed, and none are consumed.
    foreign,     // No reply, or not one to this request: `wrong` says what the server did.
    head,
  };
  static constexpr std::uint64_t line_end_bytes = 2;

  Is is = Is::incomplete;
  bool last = false;           // The reply ends with it.
  bool has_body = false;       // `value_bytes` and a line end follow.
  bool unsure = false;         // The server may have read a payload as commands.
  bool older_remains = false;  // What was to be replaced or removed may still be there.
  bool token_given = false;    // `told` has a token, which a stand-in's are told apart by.
  Outcome outcome = Outcome::good;
  std::size_t consumed = 0;  // Of the input.
  std::uint64_t value_bytes = 0;
  Bytes told;  // What its client hears of it; empty: nothing, of its body neither.
  Bytes key;   // Of several keys: the one it names.
  Bytes wrong;
  Bytes unable;  // Its server is a ringway, and says so that it could not do it: "ringway: ...".
};

}  // namespace ringway::proto
