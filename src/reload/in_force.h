// What is in force: the configuration as the process was started with it, as it is written
// now, and the snapshot that was built from it; and what became of the last reload. Control's
// thread replaces both; others look.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "ringway/config/config.h"
#include "ringway/snapshot/snapshot.h"

#include "reload/orders.h"

namespace ringway::reload {

using SharedSnapshot = std::shared_ptr<const snapshot::Snapshot>;

struct InForce {
  std::shared_ptr<const config::Config> started;
  std::shared_ptr<const config::Config> written;
  SharedSnapshot snapshot;  // Its configuration has what the machine added to `written`.
  std::string file_hash;    // Of `written`,
  std::string fingerprint;  // and of what runs: without what waits for a restart.
};

// How the last reload that was asked for ended.
struct LastReload {
  std::chrono::seconds at{};  // Since 1970.
  Outcome outcome;
  std::string file;
};

// What is known of the files, whether it runs or not.
struct Account {
  std::optional<LastReload> last;  // None since the start.
  std::string file_hash;           // Of what was read last; empty: it is no configuration.
  bool differs = false;            // And does not run: it was refused, failed, or waits.
};

// Both for any thread.
class Published {
 public:
  InForce get() const {
    const std::lock_guard lock(mutex_);
    return present_;
  }
  // Returns what was there.
  InForce put(InForce present) {
    const std::lock_guard lock(mutex_);
    return std::exchange(present_, std::move(present));
  }

  Account account() const {
    const std::lock_guard lock(mutex_);
    return account_;
  }
  void give(Account account) {
    const std::lock_guard lock(mutex_);
    account_ = std::move(account);
  }

 private:
  mutable std::mutex mutex_;
  InForce present_;
  Account account_;
};

}  // namespace ringway::reload
