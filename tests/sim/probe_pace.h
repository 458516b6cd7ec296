// When servers that are out are probed: never in a hurry, and not late where nobody else is
// left. Told by EjectModel, which knows how they stand.
#pragma once

#include <cstdint>
#include <vector>

#include "ringway/config/config.h"

#include "board/standing.h"

namespace ringway::sim {

class ProbePace {
 public:
  ProbePace(const config::Pool& pool, std::uint32_t members);

  // How a server stands, seen by a probe of it that has just ended.
  void on_probe(std::uint32_t server, bool good, Instant now);
  void on_standing(std::uint32_t server, proxy::Standing after, Instant now);

  // While nobody is up each one that is out is probed every two seconds; a probe may take as
  // long as its connection and its answer may.
  void check_overdue(Duration at_most, Instant now) const;

 private:
  struct Server {
    proxy::Standing standing = proxy::Standing::up;
    Instant good_at = never;  // The last probe, while it is out and if it was good;
    Instant bad_at = never;   // if it was bad.
    Instant seen_at{};        // The last probe or change of standing.
  };

  bool any_up() const;

  const config::Pool& pool_;
  const std::uint32_t members_;
  Instant down_since_ = never;  // Since when nobody is up.
  std::vector<Server> servers_;
};

}  // namespace ringway::sim
