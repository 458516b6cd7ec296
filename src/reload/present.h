// What is in force: the configuration as the process was started with it, as it is written
// now, and the snapshot that was built from it. Control's thread replaces it; others look.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ringway/config/config.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway::reload {

using SharedSnapshot = std::shared_ptr<const snapshot::Snapshot>;

struct Present {
  std::shared_ptr<const config::Config> started;
  std::shared_ptr<const config::Config> written;
  SharedSnapshot snapshot;  // Its configuration has what the machine added to `written`.
  std::string fingerprint;  // Of `written`.
};

// The present for any thread.
class Notice {
 public:
  Present get() const {
    const std::lock_guard lock(mutex_);
    return present_;
  }
  // Returns what was there.
  Present put(Present present) {
    const std::lock_guard lock(mutex_);
    return std::exchange(present_, std::move(present));
  }

 private:
  mutable std::mutex mutex_;
  Present present_;
};

}  // namespace ringway::reload
