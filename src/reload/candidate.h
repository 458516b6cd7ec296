// A configuration on its way to being in force: read, checked, compared with the present
// one, its sockets opened and its snapshot built. All of that is done off control's thread
// and changes nothing of what runs; either everything of it comes into force, or nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringway/base/result.h"

#include "reload/control_env.h"
#include "reload/difference.h"
#include "reload/in_force.h"
#include "reload/listener_plan.h"
#include "reload/orders.h"
#include "worker/shared.h"

namespace ringway::reload {

struct ReloadRequest {
  bool accept_moved = false;
  // Set when no file is read: a scheduled configuration, or the running one to drop finished
  // listeners.
  std::shared_ptr<const config::Config> written;
  bool sweep = false;
  bool again = false;          // By the watch: what failed last may go well now.
  std::uint64_t accepted = 0;  // Then: the content that accept_moved was said about.
};

struct Candidate {
  std::optional<Outcome> ending;  // It ends here; otherwise it may come into force.
  bool outside = false;           // It failed, and not for what is in the files.
  std::uint64_t content = 0;      // See config::Loaded.
  bool read = false;              // Something was, if only to find it wrong;
  std::string file_hash;          // its hash if it is right.
  std::string warnings;           // Lines.
  std::string summary;            // What changes, in one line.
  InForce next;
  ListenerPlan listeners;
  std::vector<OpenSocket> opened;
  // Scheduled: when, since 1970, and what.
  std::chrono::seconds apply_at{};
  std::shared_ptr<const config::Config> scheduled;
};

// Called where it may take its time; uses nothing of control's but what is passed by value.
Candidate prepare(const InForce& present, const std::vector<OpenSocket>& sockets,
                  ReloadRequest request, worker::Shared& shared, ControlEnv& env);

}  // namespace ringway::reload
