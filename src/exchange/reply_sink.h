// What server connections tell about replies, piece by piece. The executor
// listens; a connection knows framing and order, not what a reply is for.
#pragma once

#include "ringway/proto/memcached/reply.h"

#include "exchange/exchange.h"

namespace ringway::proxy {

enum class Verdict : std::uint8_t {
  more,     // The reply goes on after this.
  done,     // This was its end.
  foreign,  // This cannot be the reply to that request: the connection is not to be trusted.
};

class ReplySink {
 public:
  ReplySink() = default;
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;

  // The next line of the reply to `fragment`; where a body follows, `more`.
  virtual Verdict on_line(Fragment& fragment, const proto::memcached::ReplyLine& line) = 0;
  // The next piece of a body, the CRLF behind it included.
  virtual void on_body(Fragment& fragment, Bytes bytes) = 0;
  virtual Verdict on_body_end(Fragment& fragment) = 0;
  // The fragment left its FIFO, answered. It may be freed.
  virtual void on_answered(Fragment& fragment) = 0;
  // The fragment left its FIFO without an answer. `what`: "timed out after 500ms"; `unsent`: the
  // request as it was written, if the server cannot have seen any of it, and may do nothing any
  // more of what it was asked before.
  virtual void on_failed(Fragment& fragment, Bytes what, Bytes unsent) = 0;
  // The fragment was withdrawn, and has left its FIFO. It may be freed.
  virtual void on_withdrawn(Fragment& fragment) = 0;

 protected:
  ~ReplySink() = default;
};

}  // namespace ringway::proxy
