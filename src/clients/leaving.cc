// How clients leave that did not ask for it: what they said before they could know is
// still done, and what they were told has reached them when their socket is closed.
#include <algorithm>
#include <utility>

#include "clients/clients.h"

namespace ringway::proxy {

void Clients::finish_between_requests(ClientConn& client) {
  if (client.closing || client.finishing || client.leaving) return;
  client.leaving = true;
  // Where memory is full it is read when there is some again, or not at all.
  if (!client.blocked && !parts_.memory.is_full()) resume(client, PauseReason::memory);
  client.heard = parts_.now - client.progress_at < look_every || !client.output.empty();
  look_whether_read_out(client);
}

// What its send() took may be in its own kernel still, and comes when there is room in ours:
// with noreply nobody else would ever know that it was lost.
void Clients::look_whether_read_out(ClientConn& client) {
  client.look_at = never;
  if (client.closing || client.finishing || client.read_out) return;
  const bool empty = !client.blocked && (client.input_ended || !parts_.io.unread(client.fd));
  client.looks_empty = empty ? client.looks_empty + 1 : 0;
  const bool heard = std::exchange(client.heard, false);
  client.read_out = empty && (!heard || client.looks_empty >= looks_empty_max);
  if (client.read_out) {
    client.begun_bytes = client.input.size();
    return touch(client);
  }
  client.look_at = parts_.now + look_every;
  reset_timer(client);
}

void Clients::hurry() {
  hurries_ = true;
  each([this](ClientConn& client) {
    if (client.closing || !client.lingering) return;
    client.linger_ends = std::min(client.linger_ends, parts_.now + last_linger_time);
    reset_timer(client);
  });
}

void Clients::end_output(ClientConn& client) {
  if (client.input_ended) return retire(client);
  const Instant now = parts_.now;
  client.linger_ends = hurries_ ? client.progress_at + last_linger_time : now + linger_time;
  if (client.linger_ends <= now) return retire(client);
  client.lingering = true;
  update_reading(client);
  parts_.io.finish_sending(client.fd);
  reset_timer(client);
  if (client.rejected_link.linked()) end_rejected();
}

}  // namespace ringway::proxy
