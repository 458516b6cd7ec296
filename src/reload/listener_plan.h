// How a new configuration takes over the listening sockets of the old one: a pure
// decision. A socket whose address stays is never closed or bound again, whichever
// listener it serves. A listener is the same if it has an address of it, whatever its name:
// its clients stay its clients. If no address says which one it was, the name does.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ringway/snapshot/snapshot.h"

namespace ringway::reload {

// `bind` is always config::one_spelling() of it: an address that is only written in another
// way is no other.
struct OpenSocket {
  std::string bind;
  int fd = -1;
  snapshot::ListenerId listener = 0;
  bool lost = false;  // It is to be opened anew: see ControlEnv::listener_is_lost().
};

struct SocketToOpen {
  std::string bind;
  config::Place where;  // Its key.
  config::Listener settings;
  snapshot::ListenerId listener = 0;
};

struct SocketToAdjust {
  int fd = -1;
  config::Listener settings;
  config::Listener before;
};

struct ListenerPlan {
  std::map<std::string, snapshot::ListenerId> ids;  // Of the new listeners, by name.
  std::vector<SocketToOpen> to_open;
  std::vector<OpenSocket> to_keep;        // With their new listener.
  std::vector<OpenSocket> to_close;       // With their old one.
  std::vector<SocketToAdjust> to_adjust;  // Of those kept: mode or backlog is another.
  std::vector<snapshot::Retiring> retiring;
};

// `present` is null at the start. `has_clients` is asked about listeners that retire
// already.
ListenerPlan listener_plan(const snapshot::Snapshot* present,
                           const std::vector<OpenSocket>& sockets, const config::Config& next,
                           const std::function<bool(snapshot::ListenerId)>& has_clients);

}  // namespace ringway::reload
