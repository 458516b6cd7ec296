// Random trees, answered in random order: Progress asks, tells and settles exactly as the rules do
// when they are written plainly. RINGWAY_TREES says how many trees, RINGWAY_TREES_FROM from which
// on.
#include <cstdlib>
#include <doctest/doctest.h>
#include <random>

#include "ringway/route/progress.h"

#include "route/reference.h"

namespace ringway::route {
namespace {

std::uint64_t number_in(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool percent(int n) { return below(100) < n; }
  Outcome outcome() {
    // Good ones half of the time: what follows success is reached as well.
    return percent(40) ? Outcome::good : static_cast<Outcome>(below(proto::outcome_count));
  }

 private:
  std::mt19937_64 random_;
};

constexpr int depth_max = 4;
constexpr int children_max = 4;

// A tree and the plan of it, made together.
class Grown {
 public:
  Grown(Chance& chance, Rule rule) : chance_(chance) {
    plan.rule = rule;
    grow(root, 0);
    plan.invariants();
  }

  Plan plan;
  Node root;

 private:
  void grow(Node& node, int depth) {
    node.part.gate = gate();
    const int children = 1 + chance_.below(children_max);
    const bool fits = asks_ + children - 1 <= Plan::asks_max &&
                      plan.size() + to_come_ + children < Plan::parts_max;
    --to_come_;
    if (depth == depth_max || !fits || chance_.percent(depth == 0 ? 2 : 35)) {
      node.index = plan.ask(node.part);
      waited_for_.push_back(node.index);
      return;
    }
    node.part.verb = static_cast<Verb>(1 + chance_.below(4));
    if (node.part.verb == Verb::all && chance_.percent(60))
      node.part.need = static_cast<std::uint8_t>(chance_.below(children + 1));
    asks_ += children - 1;
    to_come_ += children;
    node.index = plan.open(node.part);
    const std::size_t before = waited_for_.size();
    for (int i = 0; i < children; ++i) add_child(node, depth, before);
    plan.close();
    // What is told may look at its own, and nobody else at it.
    if (node.part.verb == Verb::tell)
      waited_for_.resize(before);
    else
      waited_for_.push_back(node.index);
  }

  void add_child(Node& node, int depth, std::size_t before) {
    const std::vector<int> over = over_;
    if (node.part.verb == Verb::try_ || node.part.verb == Verb::then) {
      const auto its = waited_for_.begin() + static_cast<std::ptrdiff_t>(before);
      over_.insert(over_.end(), its, waited_for_.end());
    }
    Node child;
    if (plan.rule != Rule::reads && !over_.empty() && chance_.percent(25)) {
      const int at = chance_.below(static_cast<int>(over_.size()));
      child.part.of = static_cast<std::uint8_t>(over_[static_cast<std::size_t>(at)]);
      child.part.when = gate();
    }
    grow(child, depth + 1);
    node.children.push_back(std::move(child));
    over_ = over;
  }

  Outcomes gate() {
    Outcomes gate;
    for (std::size_t i = 0; i < proto::outcome_count; ++i) {
      if (chance_.percent(60)) gate = gate | Outcomes{static_cast<Outcome>(i)};
    }
    return gate;
  }

  Chance& chance_;
  int asks_ = 1;  // Leaves so far, and one for each part that is still to come.
  int to_come_ = 1;
  std::vector<int> waited_for_;  // Parts so far that are not only told.
  std::vector<int> over_;        // Those among them that are over when the next child begins.
};

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : chance_(seed),
        tree_(chance_, static_cast<Rule>(chance_.below(3))),
        reference_(tree_.root, tree_.plan.rule) {}

  void go() {
    take(progress_.begin(tree_.plan));
    while (!open_.empty()) {
      const auto at = static_cast<std::size_t>(chance_.below(static_cast<int>(open_.size())));
      const std::uint8_t leaf = open_[at];
      if (chance_.percent(15)) {
        reference_.slow(leaf);
        take(progress_.on_slow(leaf));
        continue;
      }
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
      answer(leaf, chance_.outcome());
    }
    REQUIRE(progress_.over());
  }

  std::uint64_t streamed = 0;

 private:
  void answer(std::uint8_t leaf, Outcome outcome) {
    const bool was_settled = progress_.settled();
    const bool is_final = progress_.is_final(leaf, outcome);
    reference_.answer(leaf, outcome);
    take(progress_.on_outcome(leaf, outcome));
    const bool told_now = !was_settled && progress_.settled() && progress_.told() == leaf;
    REQUIRE(is_final == told_now);
    streamed += is_final;
    REQUIRE(progress_.outcome_of(leaf) == outcome);
  }

  // Whom both ask, and what both say.
  void take(const Progress::Asks& asks) {
    for (const std::uint8_t leaf : asks) {
      open_.push_back(leaf);
      REQUIRE(asked_.insert(leaf).second);
    }
    progress_.invariants();
    REQUIRE(asked_ == reference_.asked());
    REQUIRE(progress_.settled() == reference_.settled());
    REQUIRE(progress_.over() == reference_.over());
    if (!progress_.settled()) return;
    const Reference::Answer answer = reference_.result();
    REQUIRE(progress_.outcome().has_value() == answer.has_value());
    if (!answer) return;
    REQUIRE(*progress_.outcome() == answer->first);
    REQUIRE(progress_.told() == answer->second);
  }

  Chance chance_;
  Grown tree_;
  Reference reference_;
  Progress progress_;
  std::vector<std::uint8_t> open_;
  std::set<int> asked_;
};

TEST_CASE("random trees go as the rules say when they are written plainly") {
  const std::uint64_t from = number_in("RINGWAY_TREES_FROM", 1);
  const std::uint64_t trees = number_in("RINGWAY_TREES", 20'000);
  std::uint64_t streamed = 0;
  for (std::uint64_t seed = from; seed < from + trees; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    run.go();
    streamed += run.streamed;
  }
  CHECK(streamed >= trees / 100);
}

}  // namespace
}  // namespace ringway::route
