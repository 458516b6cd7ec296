// See states.h. Before anybody has heard of a server, how it stands is written down
// directly; later its home worker is told to look.
#include "reload/states.h"

namespace ringway::reload {

using config::ServerState;

void States::adopt(const snapshot::Snapshot& snapshot, bool starting) {
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      if (starting) {
        introduce(server);
        continue;
      }
      const ServerState before = crew_.board.asked(server.id);
      crew_.board.set_file_state(server.id, server.state);
      if (crew_.board.asked(server.id) == before) continue;
      crew_.call_home(crew_.home_of(pool->name()), server.id);
    }
  }
}

void States::introduce(const pool::Server& server) {
  crew_.board.set_file_state(server.id, server.state);
  if (server.state == ServerState::drain) {
    crew_.board.set_standing(server.id, proxy::Standing::drained, "is drained");
  }
  if (server.state == ServerState::maintenance) {
    crew_.board.set_standing(server.id, proxy::Standing::maintenance, "is in maintenance");
  }
}

}  // namespace ringway::reload
