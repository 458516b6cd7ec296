// What server connections tell about replies, piece by piece. The executor
// listens; a connection knows order, its dialect framing, and neither what a reply is for.
#pragma once

#include "ringway/proto/reply.h"

#include "exchange/exchange.h"

namespace ringway::proxy {

class ReplySink {
 public:
  ReplySink() = default;
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;

  // The next head of the reply to `fragment`. False if it names a key that was not asked: the
  // connection is not to be trusted.
  virtual bool on_head(Fragment& fragment, const proto::Piece& head) = 0;
  // The next piece of a body, its line end included.
  virtual void on_body(Fragment& fragment, Bytes bytes) = 0;
  virtual void on_body_end(Fragment& fragment) = 0;
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
