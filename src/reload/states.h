// What operators ask of single servers: `state` in the file, or by hand for the moment,
// which wins until it is set back to auto and outlives reloads. Here it is only asked for:
// a server's home worker makes it so. What was set by hand and is still in force a day
// later is remembered aloud.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ringway/snapshot/snapshot.h"

#include "worker/shared.h"

namespace ringway::reload {

class States {
 public:
  // How long a state by hand goes without a word, and from one word to the next.
  static constexpr Duration remind_after = std::chrono::hours(24);
  static constexpr Duration look_again = std::chrono::minutes(1);

  explicit States(worker::Shared& shared) : shared_(shared) {}

  // As the file has them. `starting`: no worker has heard of any server yet.
  void adopt(const snapshot::Snapshot& snapshot, bool starting);
  // One that no worker has heard of yet.
  void introduce(const pool::Server& server);

  // By hand; nullopt is auto: as the file has it. Any thread.
  void set_by_hand(const std::string& pool, const pool::Server& server,
                   std::optional<config::ServerState> state, Instant now);

  // Says which states by hand are old; to be called at least every hour.
  void step(Instant now);

 private:
  struct Known {
    pool::ServerId id;
    std::string label;
    std::string pool;
    std::string name;
  };

  worker::Shared& shared_;
  std::vector<Known> known_;
  std::map<pool::ServerId, Instant> reminded_;
  Instant look_at_{};
};

}  // namespace ringway::reload
