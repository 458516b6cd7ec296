// Who wants to hear what is noted on the board, and in which order: the simulator's
// reference model of ejection. In the product nobody does. Called where things are rare.
#pragma once

#include "ringway/base/time.h"
#include "ringway/pool/pool.h"

#include "board/standing.h"

namespace ringway::proxy {

class BoardWatcher {
 public:
  BoardWatcher() = default;
  BoardWatcher(const BoardWatcher&) = delete;
  BoardWatcher& operator=(const BoardWatcher&) = delete;

  virtual void on_failure(pool::ServerId server, Instant begun, Instant now) = 0;
  // The server answered that it cannot do what it was asked.
  virtual void on_unable(pool::ServerId server, Instant begun, Instant now) = 0;
  // A success came after failures.
  virtual void on_success(pool::ServerId server) = 0;
  // A check or a probe ended. `heard`: traffic proved the server alive meanwhile.
  virtual void on_probe(pool::ServerId server, bool good, bool heard) = 0;
  virtual void on_standing(pool::ServerId server, Standing before, Standing after) = 0;

 protected:
  ~BoardWatcher() = default;
};

}  // namespace ringway::proxy
