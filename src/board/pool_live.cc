// How standings become who gets keys. A backup may have left the pool by a reload: then it
// backs nobody.
#include "board/pool_live.h"

namespace ringway::proxy {
namespace {

std::uint32_t index_in(const pool::Pool& pool, pool::ServerId backup) {
  for (std::uint32_t i = pool.member_count; i < pool.servers.size(); ++i) {
    if (pool.servers[i].id == backup) return i;
  }
  return route::PoolLive::no_backup;
}

}  // namespace

route::PoolLive pool_live(const pool::Pool& pool, const Board& board) {
  route::PoolLive now(pool.member_count);
  for (std::uint32_t i = 0; i < pool.member_count; ++i) {
    const pool::ServerId id = pool.servers[i].id;
    const Standing standing = board.standing(id);
    now.live.set(i, in_ring(standing));
    now.joined.set(i, standing != Standing::joining);
    if (standing != Standing::up) now.all_up = false;
    if (const auto backup = board.backup_of(id)) now.backup_of[i] = index_in(pool, *backup);
  }
  // Where nobody has joined yet, all have: somebody must own the keys.
  if (now.joined.count() == 0) now.joined = ring::LiveSet(pool.member_count);
  return now;
}

}  // namespace ringway::proxy
