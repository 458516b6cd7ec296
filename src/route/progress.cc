// See progress.h. A part that begins asks or begins children; one that is settled lets its parent
// go on, and so up to the root or to what is only told.
#include "ringway/route/progress.h"

#include <algorithm>

namespace ringway::route {
namespace {

// The higher the worse. What was there outweighs what was not only where it was to go.
int weight(Rule rule, Outcome outcome) {
  if (rule == Rule::removes && outcome == Outcome::good) return 1;
  if (rule == Rule::removes && outcome == Outcome::miss) return 0;
  return static_cast<int>(outcome);
}

// The higher the worse, for whoever looks for the best: errors are alike.
int weight_of_read(Outcome outcome) {
  return static_cast<int>(std::min(outcome, Outcome::out));
}

}  // namespace

// --- From the root down -----------------------------------------------------------------

Progress::Asks Progress::begin(const Plan& plan) {
  plan.invariants();
  plan_ = &plan;
  asked_ = 0;
  for (std::uint8_t i = 0; i < plan.size(); ++i) {
    stages_[i] = Stage::waiting;
    outcomes_[i] = std::nullopt;
    told_[i] = Part::none;
  }
  Asks asks;
  start(0, asks);
  return asks;
}

void Progress::start(std::uint8_t part, Asks& asks) {
  RINGWAY_ASSERT(stages_[part] == Stage::waiting && "each part begins once");
  stages_[part] = Stage::open;
  switch ((*plan_)[part].verb) {
    case Verb::ask:
      asks.add(part);
      ++asked_;
      return;
    case Verb::try_:
    case Verb::then: return go_on(part, asks);
    case Verb::all:
    case Verb::tell: break;
  }
  for (std::uint8_t child = (*plan_)[part].first; child != Part::none;
       child = (*plan_)[child].next) {
    if (allows(child)) {
      start(child, asks);
    } else {
      settle(child, {});
    }
  }
  if ((*plan_)[part].verb == Verb::tell) return settle(part, {});
  go_on(part, asks);
}

// --- From a leaf up ---------------------------------------------------------------------

Progress::Asks Progress::on_outcome(std::uint8_t leaf, Outcome outcome) {
  RINGWAY_ASSERT((*plan_)[leaf].verb == Verb::ask);
  RINGWAY_ASSERT(stages_[leaf] == Stage::open && asked_ > 0);
  Asks asks;
  const bool counts = matters(leaf);
  --asked_;
  settle(leaf, {outcome, leaf});
  if (counts) rise(leaf, asks);
  return asks;
}

// As long as what was settled settles what it is a part of.
void Progress::rise(std::uint8_t part, Asks& asks) {
  while (stages_[part] == Stage::settled) {
    part = (*plan_)[part].parent;
    // Above what is only told nobody waits.
    if (part == Part::none || stages_[part] == Stage::settled) return;
    go_on(part, asks);
  }
}

// One of the part's children was settled, or it has just begun.
void Progress::go_on(std::uint8_t part, Asks& asks) {
  RINGWAY_ASSERT(stages_[part] == Stage::open);
  if (has_open_child(part)) {
    if (is_hit(part)) settle(part, combined(part));
    return;
  }
  std::uint8_t child = (*plan_)[part].first;
  for (; child != Part::none; child = (*plan_)[child].next) {
    if (stages_[child] != Stage::waiting) continue;
    if (!allows(child)) {
      settle(child, {});
      continue;
    }
    start(child, asks);
    if (stages_[child] == Stage::open) return;
  }
  settle(part, combined(part));
}

Progress::Asks Progress::on_slow(std::uint8_t leaf) {
  RINGWAY_ASSERT((*plan_)[leaf].verb == Verb::ask && stages_[leaf] == Stage::open);
  Asks asks;
  if (plan_->rule != Rule::reads || !matters(leaf)) return asks;
  for (std::uint8_t part = leaf; part != Part::none; part = (*plan_)[part].parent) {
    const std::uint8_t parent = (*plan_)[part].parent;
    if (parent == Part::none || (*plan_)[parent].verb == Verb::tell) break;
    const std::uint8_t next = (*plan_)[part].next;
    if ((*plan_)[parent].verb != Verb::try_ || next == Part::none) continue;
    if (stages_[next] != Stage::waiting || !(*plan_)[next].gate.has(Outcome::expired)) break;
    start(next, asks);
    rise(next, asks);
    break;
  }
  return asks;
}

void Progress::settle(std::uint8_t part, Heard heard) {
  RINGWAY_ASSERT(stages_[part] != Stage::settled && "each part is settled once");
  stages_[part] = Stage::settled;
  outcomes_[part] = heard.outcome;
  told_[part] = heard.told;
}

// --- What parts have come to ------------------------------------------------------------

bool Progress::allows(std::uint8_t part) const {
  const Part& what = (*plan_)[part];
  if (what.of != Part::none) {
    // Nothing came of what never began.
    const std::optional<Outcome> looked_at = outcomes_[what.of];
    if (!looked_at || !what.when.has(*looked_at)) return false;
  }
  const Heard so_far = combined(what.parent);
  return !so_far.outcome || what.gate.has(*so_far.outcome);
}

// A read that has been asked of two at once need not wait for the second, unless one behind the
// hit is wanted even after it.
bool Progress::is_hit(std::uint8_t part) const {
  if ((*plan_)[part].verb != Verb::try_ || plan_->rule != Rule::reads) return false;
  std::uint8_t child = (*plan_)[part].first;
  while (child != Part::none && outcomes_[child] != Outcome::good) child = (*plan_)[child].next;
  if (child == Part::none) return false;
  for (; child != Part::none; child = (*plan_)[child].next) {
    if (stages_[child] != Stage::settled && (*plan_)[child].gate.has(Outcome::good)) return false;
  }
  return true;
}

bool Progress::has_open_child(std::uint8_t part) const {
  std::uint8_t child = (*plan_)[part].first;
  while (child != Part::none && stages_[child] != Stage::open) child = (*plan_)[child].next;
  return child != Part::none;
}

// Nothing that it is a part of is settled without it.
bool Progress::matters(std::uint8_t leaf) const {
  std::uint8_t part = (*plan_)[leaf].parent;
  for (; part != Part::none && (*plan_)[part].verb != Verb::tell; part = (*plan_)[part].parent) {
    if (stages_[part] == Stage::settled) return false;
  }
  return true;
}

// Of all the children that are settled so far.
Progress::Heard Progress::combined(std::uint8_t part) const {
  const Part& what = (*plan_)[part];
  Heard heard;
  Heard good;
  std::uint8_t goods = 0;
  bool sent = false;
  for (std::uint8_t child = what.first; child != Part::none; child = (*plan_)[child].next) {
    const std::optional<Outcome> outcome = outcomes_[child];
    if (!outcome) continue;
    sent |= *outcome != Outcome::out;
    if (*outcome == Outcome::good && goods++ == 0) good = {outcome, told_[child]};
    if (!heard.outcome || outweighs(what, *outcome, *heard.outcome))
      heard = {outcome, told_[child]};
  }
  if (what.need == 0) return {};
  if (what.need != Part::every && goods >= what.need) return good;
  // Out as a whole is only what was not sent anything at all.
  if (heard.outcome == Outcome::out && sent) heard.outcome = Outcome::failed;
  return heard;
}

bool Progress::outweighs(const Part& part, Outcome later, Outcome first) const {
  if (part.verb != Verb::try_) return weight(plan_->rule, later) > weight(plan_->rule, first);
  return plan_->rule != Rule::reads || weight_of_read(later) < weight_of_read(first);
}

// --- What others ask --------------------------------------------------------------------

std::uint8_t Progress::told() const {
  RINGWAY_ASSERT(settled());
  return told_[0];
}

std::optional<Outcome> Progress::outcome() const {
  RINGWAY_ASSERT(settled());
  return outcomes_[0];
}

std::optional<Outcome> Progress::outcome_of(std::uint8_t part) const {
  RINGWAY_ASSERT(part < plan_->size());
  return outcomes_[part];
}

bool Progress::is_final(std::uint8_t leaf, Outcome outcome) const {
  if (settled()) return false;
  Progress then = *this;
  then.on_outcome(leaf, outcome);
  return then.settled() && then.told() == leaf;
}

void Progress::invariants() const {
  std::uint8_t open = 0;
  for (std::uint8_t i = 0; i < plan_->size(); ++i) {
    const Part& part = (*plan_)[i];
    const bool begun = stages_[i] != Stage::waiting;
    open += part.verb == Verb::ask && stages_[i] == Stage::open;
    // What is settled without having begun was passed over by a parent that has.
    RINGWAY_ASSERT(!begun || i == 0 || stages_[part.parent] != Stage::waiting);
    RINGWAY_ASSERT(outcomes_[i].has_value() == (told_[i] != Part::none));
    RINGWAY_ASSERT(!outcomes_[i] || stages_[i] == Stage::settled);
    RINGWAY_ASSERT(told_[i] == Part::none || (told_[i] >= i && outcomes_[told_[i]].has_value()));
  }
  RINGWAY_ASSERT(open == asked_);
}

}  // namespace ringway::route
