// See absences.h. The rules of eject.mode once more, over every set of servers that was
// live at some time.
#include "sim/absences.h"

#include <algorithm>

#include "ringway/ring/key_hash.h"

#include "proxy/pool_live.h"

namespace ringway::sim {

void Absences::note(const proxy::Board& board) {
  if (board.version() == version_) return;
  version_ = board.version();
  past_.push_back(proxy::pool_live(pool_, board));
  for (std::uint32_t i = 0; i < pool_.member_count; ++i) {
    if (board.standing(pool_.servers[i].id) != proxy::Standing::up) away_[i] = true;
  }
}

bool Absences::may_serve(Bytes key, std::uint32_t home, std::uint32_t server) const {
  if (server == home) return true;
  const ring::KeyHash hash = ring::key_hash(*pool_.hash, pool_.tag, key);
  return std::ranges::any_of(past_,
                             [&](const auto& then) { return stood_in(then, hash, home, server); });
}

bool Absences::stood_in(const route::PoolLive& then, ring::KeyHash hash, std::uint32_t home,
                        std::uint32_t server) const {
  if (then.live.live(home)) return false;
  const config::Eject& eject = pool_.settings.eject;
  if (eject.mode == config::EjectMode::error) return false;
  const bool backed =
      eject.mode == config::EjectMode::backup && then.backup_of[home] != route::PoolLive::no_backup;
  if (backed) return then.backup_of[home] == server;
  if (eject.mode == config::EjectMode::backup && eject.then == config::EjectMode::error) {
    return false;
  }
  return pool_.distribution->pick(hash, then.live) == server;
}

}  // namespace ringway::sim
