// Plans and their runs in a line of text each, so that tests are tables.
//
//   then{P, [good] all(1){O store, Q store}}    a gate, and how many are needed
//   [P: not good] O'                            the gate looks at P,
//   [failures, Q: good] Q'                      or at Q, and at what came so far
//   asks P, P good asks O Q, O lost, Q good, tells P good
//
// Leaves are named by letters, dots and strokes: O and O' may be of one server. A gate names
// outcomes, `failures`, or `not` these; `any` may be written for all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringway/route/progress.h"

namespace ringway::route {

struct NamedPlan {
  Plan plan;
  std::vector<std::string> names;  // By part; those of leaves are unique.

  std::uint8_t named(std::string_view name) const;
};

// Fails the test where the text is no plan.
NamedPlan plan_of(Rule rule, std::string_view text);

// What happens step by step, as text: compared with the same text without what was to be found out.
// After each step the invariants hold, nothing is told before it is settled, and in the end nobody
// is asked any more.
std::string run_of(const NamedPlan& named, std::string_view run);

// Whether a reply may leave as it arrives when `before` has happened.
bool may_leave(const NamedPlan& named, std::string_view before, std::string_view leaf,
               Outcome outcome);

}  // namespace ringway::route
