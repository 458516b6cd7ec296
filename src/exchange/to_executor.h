// What connections tell the executor. It stands above them and includes them, so its calls are
// declared here and defined beside it (executor/from_connections.cc). A server's connection knows
// order and its dialect's framing, and neither what a reply is for.
#pragma once

#include "ringway/proto/reply.h"
#include "ringway/proto/request.h"

#include "exchange/client_conn.h"
#include "exchange/exchange.h"

namespace ringway::proxy {

class Executor;

// --- Of clients ---

// False if it waits for a full queue: it is to stay in the input, and is asked once more when
// the client is woken.
bool on_request(Executor& executor, ClientConn& client, const proto::Request& request);
// The value that the request's key had must go, though its successor was refused; `error`, with
// its line end, is told then (empty: nothing is).
void unlink(Executor& executor, ClientConn& client, const proto::Request& request, Bytes error);
// The client's output has room again.
void on_room(Executor& executor, ClientConn& client);
// The client is gone: its exchanges have nobody to answer to.
void orphan(Executor& executor, ClientConn& client);

// --- Of servers: replies, piece by piece ---

// The next head of the reply to `fragment`. False if it names a key that was not asked: the
// connection is not to be trusted.
bool on_head(Executor& executor, Fragment& fragment, const proto::Piece& head);
// The next piece of a body, its line end included.
void on_body(Executor& executor, Fragment& fragment, Bytes bytes);
void on_body_end(Executor& executor, Fragment& fragment);

// The fragment left its FIFO, and
// was answered,
void on_answered(Executor& executor, Fragment& fragment);
// was not. `what`: "timed out after 500ms"; `unsent`: the request as it was written, if the server
// cannot have seen any of it, and may do nothing any more of what it was asked before,
void on_failed(Executor& executor, Fragment& fragment, Bytes what, Bytes unsent);
// or was withdrawn unsent.
void on_withdrawn(Executor& executor, Fragment& fragment);

}  // namespace ringway::proxy
