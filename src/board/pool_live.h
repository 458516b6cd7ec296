// What the board says of a pool, as plans read it: copied by each worker when the board
// has moved, and by whoever explains a key.
#pragma once

#include "ringway/pool/pool.h"
#include "ringway/route/pool_live.h"

#include "board/board.h"

namespace ringway::proxy {

route::PoolLive pool_live(const pool::Pool& pool, const Board& board);

}  // namespace ringway::proxy
