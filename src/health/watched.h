// What Health remembers of one server and of one pool. Only what nobody else needs:
// how a server stands is on the board. Private to health*.cc.
#pragma once

#include "health/health.h"

namespace ringway::proxy {

struct Health::Pool {
  config::Pool settings;
  std::vector<Watched*> members;  // In the order of the snapshot.
  std::vector<Watched*> backups;
  bool present = true;
  bool checks_changed = false;  // By the present snapshot.
};

struct Health::Watched {
  pool::ServerId id{};
  Pool* pool = nullptr;
  BoardEntry* entry = nullptr;
  metrics::ServerCounters* counters = nullptr;
  std::string name;
  std::string label;     // With its address and its pool.
  net::Address address;  // Where it was when it was last looked at.
  bool backup = false;
  bool present = true;

  net::Timer timer;        // The next check or probe, or the end of the present check.
  bool asking = false;     // A check or probe is under way,
  Instant asked_at{};      // and when the last one began.
  std::uint32_t good = 0;  // In a row, since it stands as it does.
  std::uint32_t bad = 0;
  Duration probe_pause{};

  Instant since{};  // Since when it stands as it does.
  std::optional<Instant> ejected_at;
  std::optional<Instant> readmitted;
  Duration retry_after{};
  bool unresolved = false;         // It is out because its name had no address.
  bool returning_by_hand = false;  // Asked to be up again; proves itself first.
  // Asked to be out before it ever joined: it goes on owning no keys.
  config::ServerState kept_out = config::ServerState::up;

  bool coming_back = false;      // Only what is owed is still in the way:
  Instant coming_since{};        // since then,
  std::size_t owed_before = 0;   // and of what was owed then, so many are not answered yet.
  std::uint32_t delivering = 0;  // Owed deletes under way.
};

}  // namespace ringway::proxy
