// What client connections tell: a request, or that somebody who asked is gone.
// The executor listens.
#pragma once

#include "ringway/proto/request.h"

#include "exchange/client_conn.h"

namespace ringway::proxy {

class RequestSink {
 public:
  RequestSink() = default;
  RequestSink(const RequestSink&) = delete;
  RequestSink& operator=(const RequestSink&) = delete;

  // False if it waits for a full queue: it is to stay in the input, and is asked once more when
  // the client is woken.
  virtual bool on_request(ClientConn& client, const proto::Request& request) = 0;
  // The value that the request's key had must go, though its successor was refused; `error`, with
  // its line end, is told then (empty: nothing is).
  virtual void unlink(ClientConn& client, const proto::Request& request, Bytes error) = 0;
  // The client's output has room again.
  virtual void on_room(ClientConn& client) = 0;
  // The client is gone: its exchanges have nobody to answer to.
  virtual void orphan(ClientConn& client) = 0;

 protected:
  ~RequestSink() = default;
};

}  // namespace ringway::proxy
