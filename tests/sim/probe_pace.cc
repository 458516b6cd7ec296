// See probe_pace.h. A server with a name may be asked at once where it has moved, and cannot be
// asked where its name has no address: its probes come as they may.
#include "sim/probe_pace.h"

#include <algorithm>
#include <span>

#include "sim/fail.h"
#include "sim/scenario.h"

namespace ringway::sim {

using proxy::Standing;
using std::chrono::milliseconds;

ProbePace::ProbePace(const config::Pool& pool, std::uint32_t members)
    : pool_(pool), members_(members), servers_(pool.servers.size()) {}

bool ProbePace::any_up() const {
  const std::span members(servers_.data(), members_);
  return std::ranges::count(members, Standing::up, &Server::standing) > 0;
}

void ProbePace::on_probe(std::uint32_t index, bool good, Instant now) {
  Server& server = servers_[index];
  const bool out = server.standing == Standing::ejected;
  // A second later at the earliest, a fifth of it off by chance. Good news may still come of
  // what was given up. While nobody is up it is two seconds from the beginning of one to that
  // of the next.
  SIM_REQUIRE(good || !out || server.bad_at == never || has_name(pool_.servers[index]) ||
                  now - server.bad_at >= milliseconds(800),
              "server %u is probed too often", index);
  // One connection, one sign of life. (Several may have been on their way when it was ejected,
  // and one that was turned away is followed by the next after half a millisecond.)
  SIM_REQUIRE(!good || !out || pool_.server_connections > 1 || server.good_at == never ||
                  now - server.good_at >= std::chrono::microseconds(400),
              "a probe of server %u counts twice", index);
  server.good_at = good && out ? now : never;
  server.bad_at = good || !any_up() ? never : now;
  server.seen_at = now;
}

void ProbePace::on_standing(std::uint32_t index, Standing after, Instant now) {
  Server& server = servers_[index];
  server.standing = after;
  server.bad_at = never;
  server.seen_at = now;
  if (any_up()) {
    down_since_ = never;
  } else if (down_since_ == never) {
    down_since_ = now;
  }
}

void ProbePace::check_overdue(Duration at_most, Instant now) const {
  if (down_since_ == never) return;
  const Duration longest = pool_.connect_timeout + pool_.health.timeout + at_most;
  for (std::uint32_t i = 0; i < members_; ++i) {
    const Server& server = servers_[i];
    const bool probed = server.standing == Standing::ejected || server.standing == Standing::held;
    if (!probed || has_name(pool_.servers[i])) continue;
    SIM_REQUIRE(now - std::max(server.seen_at, down_since_) <= std::chrono::seconds(2) + longest,
                "nobody is up, and server %u is not probed", i);
  }
}

}  // namespace ringway::sim
