// The executor's side of exchange/to_executor.h: each call is passed on as it is, and nothing is
// decided here.
#include "exchange/to_executor.h"
#include "executor/executor.h"

namespace ringway::proxy {

bool on_request(Executor& executor, ClientConn& client, const proto::Request& request) {
  return executor.on_request(client, request);
}

void unlink(Executor& executor, ClientConn& client, const proto::Request& request, Bytes error) {
  executor.unlink(client, request, error);
}

void on_room(Executor& executor, ClientConn& client) {
  executor.on_room(client);
}

void orphan(Executor& executor, ClientConn& client) {
  executor.orphan(client);
}

bool on_head(Executor& executor, Fragment& fragment, const proto::Piece& head) {
  return executor.on_head(fragment, head);
}

void on_body(Executor& executor, Fragment& fragment, Bytes bytes) {
  executor.on_body(fragment, bytes);
}

void on_body_end(Executor& executor, Fragment& fragment) {
  executor.on_body_end(fragment);
}

void on_answered(Executor& executor, Fragment& fragment) {
  executor.on_answered(fragment);
}

void on_failed(Executor& executor, Fragment& fragment, Bytes what, Bytes unsent) {
  executor.on_failed(fragment, what, unsent);
}

void on_withdrawn(Executor& executor, Fragment& fragment) {
  executor.on_withdrawn(fragment);
}

}  // namespace ringway::proxy
