// What changes between two configurations, as values: settings, servers, and which
// share of each pool's and each listener's keys moves from where to where. Printing is diff.cc's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringway/config/config.h"
#include "ringway/ring/movement.h"

#include "reload/listener_moves.h"

namespace ringway::reload {

struct Setting {
  std::string key;  // "timeout", "eject.mode"
  std::string before;
  std::string after;  // Both as TOML.
};

enum class Change : std::uint8_t { same, changed, added, removed };

// A section other than a pool: "router", "listener.web".
struct SectionDifference {
  std::string name;
  Change change = Change::same;
  std::vector<Setting> settings;
};

struct ServerDifference {
  Change change = Change::same;
  std::string label;              // "cache-1 (10.0.0.1:11211)"
  std::vector<Setting> settings;  // Of one that changed; "address": another machine.
  bool other_machine = false;     // The name stays, and so do the keys, but it is cold.
  bool backup = false;            // It owned no keys before; of one that is added: owns none.
};

struct PoolDifference {
  std::string name;
  Change change = Change::same;
  std::vector<Setting> settings = {};
  std::vector<ServerDifference> servers = {};   // Without those that are the same.
  std::optional<ring::Movement> movement = {};  // Of pools that are on both sides.
  std::optional<Setting> vnodes = {};           // Per unit of weight, if that number changes.
  double cold = 0;  // Share of the keys that stay with a name, but of another machine.

  // The share of the keys that are not where they were.
  double away() const { return (movement ? movement->moved : 0) + cold; }
};

struct Difference {
  std::vector<SectionDifference> sections;  // Without those that are the same.
  std::vector<PoolDifference> pools;        // All, in the order of the new file, then the gone.
  std::vector<ListenerMovement> listeners;  // That lead to another pool.
  std::string file_hash;                    // Of the new configuration.

  // The greatest share of a pool's or listener's keys that is not where it was.
  double moved() const;
};

Difference difference(const config::Config& before, const config::Config& after);

}  // namespace ringway::reload
