// What happens to one key at one listener: the route's plan, and for each server that it may
// ask how hash and distribution led there. It is the plan that traffic uses:
// the same snapshot, the same Route::plan. A value to print; views into the snapshot.
#pragma once

#include <string>
#include <vector>

#include "ringway/base/result.h"
#include "ringway/ring/distribution.h"
#include "ringway/route/plan.h"
#include "ringway/route/route.h"
#include "ringway/snapshot/snapshot.h"

namespace ringway::cli {

// A leaf of the plan.
struct ExplainedStep {
  const pool::Pool* pool = nullptr;
  Bytes hashed;  // The part of the key within the tag, or all of it.
  ring::KeyHash hash;
  ring::Trace trace;  // Where the distribution's way ended.
  route::Part step;   // As the plan has it; the server may be a backup.
  bool home_out = false;

  const pool::Server& server() const { return pool->servers[step.member]; }
  const pool::Server& home() const { return pool->servers[trace.home]; }

  // A server without points or slots gets keys only where no other is left.
  bool last_resort() const { return pool->distribution->points(trace.server) == 0; }
  bool has_slot() const {
    return pool->settings.distribution == "modula" || pool->settings.distribution == "random";
  }
  std::string point_text() const;  // In hex, as wide as the circle.
};

struct Explanation {
  Bytes key;
  const snapshot::Listener* listener = nullptr;
  route::Plan plan;                   // Empty if no server can take the key.
  std::vector<ExplainedStep> steps;   // Its leaves, in its order.
  std::vector<std::string> warnings;  // What will not work with this key.
};

// `live`: by pool number. The listener is the snapshot's; snapshot and key outlive the explanation.
Explanation explain(const snapshot::Snapshot& snapshot, const snapshot::Listener& listener,
                    Bytes key, route::Live live);

// What lets a part of a plan begin: "good", "not good"; empty where anything does.
std::string gate_text(const route::Part& part);

std::string as_text(const Explanation& explanation);

// An array of them, as one line and a line's end.
std::string as_json(const std::vector<Explanation>& explanations);

// The arrays of several answers as one; nothing if one of them is no array.
Result<std::string> joined_json(const std::vector<std::string>& arrays);

}  // namespace ringway::cli
