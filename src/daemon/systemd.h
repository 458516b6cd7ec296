// What systemd is told of this process (sd_notify): ready, reloading, stopping, alive.
// Nothing without NOTIFY_SOCKET. Main's thread alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ringway/base/time.h"

#include "worker/shared.h"

namespace ringway::cli {

class Systemd {
 public:
  // Reads, and then forgets, what the environment says, so that no child inherits it.
  Systemd();
  ~Systemd();
  Systemd(const Systemd&) = delete;
  Systemd& operator=(const Systemd&) = delete;

  void tell_ready(const std::string& status);
  void tell_reloading(Instant now);
  void tell_stopping();

  // Tells that it lives if every worker has turned since the last time, and lets them all
  // turn once. When to do that next; never without a watchdog.
  void feed_watchdog(Instant now, worker::Shared& shared);
  // What could not be told before is tried again. systemd may be slow to listen.
  void tell_rest(Instant now);
  // When to do either next.
  Instant next() const { return unsent_.empty() ? feed_at_ : std::min(feed_at_, try_at_); }

 private:
  void tell(std::string lines);
  bool send(const std::string& lines) const;

  int fd_ = -1;
  std::string address_;
  Duration watchdog_{};  // Zero: there is none.
  Instant feed_at_ = never;
  std::deque<std::string> unsent_;  // In their order; the oldest is dropped if they are many.
  Instant try_at_{};
  std::vector<std::uint64_t> turns_;  // Of each worker, at the last feeding.
};

}  // namespace ringway::cli
