// The rules of plans once more, written plainly: a tree, what has been answered, and recursion
// that looks at all of it again after each answer. Slow; compared with Progress over random trees.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "ringway/route/plan.h"

namespace ringway::route {

struct Node {
  Part part;
  int index = 0;  // As the plan counts.
  std::vector<Node> children;
};

class Reference {
 public:
  using Answer = std::optional<std::pair<Outcome, int>>;  // And whose; nothing: of no weight.

  Reference(const Node& root, Rule rule) : root_(root), rule_(rule) { look(root_); }

  void answer(int leaf, Outcome outcome) {
    answers_[leaf] = outcome;
    look(root_);
  }
  void slow(int leaf);

  const std::set<int>& asked() const { return asked_; }
  bool settled() const { return results_.contains(root_.index); }
  Answer result() const { return results_.at(root_.index); }
  // That all that was asked has been answered.
  bool over() const { return settled() && asked_.size() == answers_.size(); }

 private:
  // What the node has come to; nothing yet if the outer one is empty.
  using Look = std::optional<Answer>;
  Look look(const Node& node);
  Look look_anew(const Node& node);
  Look look_at_try(const Node& node);
  void look_at_told(const Node& node);
  bool allowed(const Node& child, const std::vector<Answer>& before, const Node& parent) const;
  Answer joined(const Node& node, const std::vector<Answer>& answers) const;
  Answer best(const std::vector<Answer>& answers) const;
  Answer worst(const std::vector<Answer>& answers) const;
  bool find_slow(const Node& node, int leaf, bool& done);

  const Node& root_;
  const Rule rule_;
  std::map<int, Outcome> answers_;
  std::set<int> asked_;
  std::set<int> begun_;
  std::set<int> hurried_;          // Begun before what stands before them is over.
  std::map<int, Answer> results_;  // Nothing is settled twice.
};

}  // namespace ringway::route
