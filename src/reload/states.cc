// See states.h. Before anybody has heard of a server, how it stands is written down
// directly; later its home worker is told to look.
#include "reload/states.h"

#include <algorithm>

#include "config/words.h"
#include "log/log.h"

namespace ringway::reload {

using config::ServerState;

void States::adopt(const snapshot::Snapshot& snapshot, bool starting) {
  known_.clear();
  for (const auto& pool : snapshot.pools) {
    for (const pool::Server& server : pool->servers) {
      known_.push_back({server.id, server.label, pool->name(), server.name});
      if (starting) {
        introduce(server);
        continue;
      }
      const ServerState before = shared_.board.asked(server.id);
      shared_.board.set_file_state(server.id, server.state);
      if (shared_.board.asked(server.id) == before) continue;
      shared_.homes.ask(shared_.homes.of(pool->name()), server.id);
    }
  }
}

// One that comes back before its id was released may have stood otherwise.
void States::introduce(const pool::Server& server) {
  proxy::Board& board = shared_.board;
  board.set_file_state(server.id, server.state);
  switch (board.asked(server.id)) {
    case ServerState::up: return board.set_standing(server.id, proxy::Standing::up, {});
    case ServerState::drain:
      return board.set_standing(server.id, proxy::Standing::drained, "is drained");
    case ServerState::maintenance:
      return board.set_standing(server.id, proxy::Standing::maintenance, "is in maintenance");
  }
}

void States::set_by_hand(const std::string& pool, const pool::Server& server,
                         std::optional<ServerState> state, Instant now) {
  shared_.board.set_hand_state(server.id, state, now);
  log::tell(log::Level::info, {.name = "state_asked", .pool = pool, .server = server.name},
            "server {} of pool {}: state {} is asked for by hand", server.label, pool,
            state ? config::word(*state) : "auto");
  shared_.homes.ask(shared_.homes.of(pool), server.id);
}

void States::step(Instant now) {
  if (now < look_at_) return;
  look_at_ = now + look_again;
  for (const Known& server : known_) {
    const auto state = shared_.board.hand_state(server.id);
    if (!state) continue;
    const Instant since = shared_.board.hand_state_since(server.id);
    Instant& reminded = reminded_[server.id];
    if (now < std::max(since, reminded) + remind_after) continue;
    reminded = now;
    log::tell(
        log::Level::warning,
        {.name = "state_asked_long_ago", .pool = server.pool, .server = server.name},
        "server {} of pool {}: state {} by hand is {} h old; set it to auto when it has served",
        server.label, server.pool, config::word(*state),
        std::chrono::duration_cast<std::chrono::hours>(now - since).count());
  }
}

}  // namespace ringway::reload
