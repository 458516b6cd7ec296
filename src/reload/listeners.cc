// See listeners.h. Worker 0 has a socket from announce() until it reports that nothing is
// in flight on it; only then is it closed here.
#include "reload/listeners.h"

#include <algorithm>

#include "ringway/base/assert.h"

namespace ringway::reload {

Listeners::~Listeners() {
  RINGWAY_ASSERT(open_.empty() && "sockets are closed before the end");
}

snapshot::ListenerId Listeners::id_of(const std::string& name) {
  const auto found = std::ranges::find(names_, name);
  const auto id = static_cast<snapshot::ListenerId>(found - names_.begin());
  if (found == names_.end()) names_.push_back(name);
  RINGWAY_ASSERT(id < proxy::listeners_max);
  return id;
}

Result<void> Listeners::open(const snapshot::Snapshot& snapshot) {
  for (const snapshot::Listener& listener : snapshot.listeners) {
    for (const std::string& bind : listener.settings.bind) {
      const Result<int> fd = world_.open_listener(bind, listener.settings);
      if (!fd) {
        close();
        return failure("listener " + listener.settings.name + ": " + fd.error());
      }
      open_.push_back({*fd, listener.id});
    }
  }
  return {};
}

void Listeners::announce() {
  for (const Open& listener : open_) {
    crew_.desks[0]->mailbox.post(worker::Listen{listener.fd, listener.id});
    crew_.desks[0]->listening.store(true);
  }
}

void Listeners::take_waiting() {
  std::uint32_t next = 0;
  for (const Open& listener : open_) {
    for (const int client : world_.accept_waiting(listener.fd)) {
      worker::Desk& desk = *crew_.desks[next++ % crew_.size()];
      desk.clients.fetch_add(1);
      desk.mailbox.post(worker::TakeClient{client, listener.id});
    }
  }
}

void Listeners::close() {
  for (const Open& listener : open_) world_.close_listener(listener.fd);
  open_.clear();
}

}  // namespace ringway::reload
