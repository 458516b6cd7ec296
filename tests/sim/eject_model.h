// The rules of ejection once more, from the sentences and not from the router's
// code: told what is noted on the board, it says which changes of a server's standing are
// right, and which are overdue.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "ringway/config/config.h"

#include "board/board_watcher.h"
#include "sim/probe_pace.h"

namespace ringway::sim {

class EjectModel final : public proxy::BoardWatcher {
 public:
  using Standing = proxy::Standing;

  // `members`: how many servers own keys; ids count from 0, backups come last.
  // `innocent`: no server does anything wrong now.
  EjectModel(const config::Pool& pool, std::uint32_t members, std::function<bool()> innocent,
             std::function<Instant()> now);

  void on_failure(pool::ServerId server, Instant begun, Instant now) override;
  void on_unable(pool::ServerId server, Instant begun, Instant now) override;
  void on_success(pool::ServerId server) override;
  void on_probe(pool::ServerId server, bool good, bool heard) override;
  void on_standing(pool::ServerId server, Standing before, Standing after) override;

  // No ejection that is due may wait longer than this, and no probe while nobody is up.
  // `sockets`: there is always one for a probe.
  void check_overdue(Duration at_most, bool sockets) const;

 private:
  struct Server {
    Standing standing = Standing::up;
    std::deque<Instant> failures;
    Instant last_failure{Duration::min() / 2};
    Instant due_since = never;  // Since when it failed too often.
    std::deque<Instant> unable;
    Instant last_unable{};
    Instant doubted_since = never;  // Since when it is to be asked whether it can do anything.
    bool failed_in_doubt = false;   // It was asked, and cannot.
    std::uint32_t good = 0;
    std::uint32_t bad = 0;
    Instant ejected_at{};
    Instant readmitted_at = never;
    Duration wait{};
  };

  static void trust(Server& server);
  bool may_leave(std::uint32_t server) const;
  void leaves(std::uint32_t server, Standing after);
  void returns(std::uint32_t server, Standing before);

  const config::Pool& pool_;
  const std::uint32_t members_;
  std::function<bool()> innocent_;
  std::function<Instant()> now_;
  std::vector<Server> servers_;
  ProbePace pace_;
};

}  // namespace ringway::sim
