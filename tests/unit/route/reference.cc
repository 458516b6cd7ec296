// See reference.h.
#include "route/reference.h"

#include <algorithm>

namespace ringway::route {
namespace {

bool is_good(const Reference::Answer& answer) {
  return answer && answer->first == Outcome::good;
}

}  // namespace

Reference::Look Reference::look(const Node& node) {
  begun_.insert(node.index);
  if (const auto known = results_.find(node.index); known != results_.end()) {
    look_at_told(node);
    return known->second;
  }
  const Look found = look_anew(node);
  if (found) results_[node.index] = *found;
  return found;
}

// What is told goes on although all around it is settled.
void Reference::look_at_told(const Node& node) {
  const bool told = node.part.verb == Verb::tell && begun_.contains(node.index);
  for (const Node& child : node.children) {
    if (told && begun_.contains(child.index)) look(child);
    if (!told) look_at_told(child);
  }
}

Reference::Look Reference::look_anew(const Node& node) {
  const Verb verb = node.part.verb;
  if (verb == Verb::ask) {
    asked_.insert(node.index);
    if (!answers_.contains(node.index)) return std::nullopt;
    return Answer({answers_[node.index], node.index});
  }
  if (verb == Verb::try_) return look_at_try(node);
  std::vector<Answer> answers;
  bool complete = true;
  for (const Node& child : node.children) {
    // In `all` and `tell` nothing stands before anything.
    const bool may = allowed(child, verb == Verb::then ? answers : std::vector<Answer>{}, node);
    if (!may) continue;
    const Look found = look(child);
    if (!found && verb == Verb::then) return std::nullopt;
    complete &= found.has_value();
    if (found) answers.push_back(*found);
  }
  if (verb == Verb::tell) return Answer{};
  if (!complete) return std::nullopt;
  return joined(node, answers);
}

Reference::Look Reference::look_at_try(const Node& node) {
  std::vector<Answer> answers;
  bool complete = true;
  bool hit = false;
  bool hit_goes_on = false;
  for (const Node& child : node.children) {
    if (complete && !hurried_.contains(child.index) && !allowed(child, answers, node)) continue;
    Look found;
    if (complete || hurried_.contains(child.index)) found = look(child);
    complete &= found.has_value();
    hit_goes_on |= hit && !found && child.part.gate.has(Outcome::good);
    hit |= rule_ == Rule::reads && found && is_good(*found);
    if (found) answers.push_back(*found);
  }
  if (complete || (hit && !hit_goes_on)) return joined(node, answers);
  return std::nullopt;
}

bool Reference::allowed(const Node& child, const std::vector<Answer>& before,
                        const Node& parent) const {
  if (child.part.of != Part::none) {
    const auto known = results_.find(child.part.of);
    if (known == results_.end() || !known->second) return false;
    if (!child.part.when.has(known->second->first)) return false;
  }
  const Answer so_far = joined(parent, before);
  return !so_far || child.part.gate.has(so_far->first);
}

Reference::Answer Reference::joined(const Node& node, const std::vector<Answer>& all) const {
  std::vector<Answer> answers;
  std::ranges::copy_if(all, std::back_inserter(answers), &Answer::has_value);
  if (node.part.verb == Verb::all && node.part.need != Part::every) {
    if (node.part.need == 0) return {};
    if (std::ranges::count_if(answers, is_good) >= node.part.need)
      return *std::ranges::find_if(answers, is_good);
  }
  if (answers.empty()) return {};
  Answer joined = worst(answers);
  if (node.part.verb == Verb::try_) joined = rule_ == Rule::reads ? best(answers) : answers.back();
  const auto is_out = [](const Answer& answer) { return answer->first == Outcome::out; };
  if (is_out(joined) && !std::ranges::all_of(answers, is_out)) joined->first = Outcome::failed;
  return joined;
}

Reference::Answer Reference::best(const std::vector<Answer>& answers) const {
  for (const Outcome outcome : {Outcome::good, Outcome::miss, Outcome::declined}) {
    for (const Answer& answer : answers) {
      if (answer->first == outcome) return answer;
    }
  }
  return answers.front();
}

Reference::Answer Reference::worst(const std::vector<Answer>& answers) const {
  std::vector<Outcome> order = {Outcome::refused, Outcome::lost, Outcome::expired,
                                Outcome::failed,  Outcome::out,  Outcome::declined,
                                Outcome::miss,    Outcome::good};
  if (rule_ == Rule::removes) std::swap(order[6], order[7]);
  for (const Outcome outcome : order) {
    for (const Answer& answer : answers) {
      if (answer->first == outcome) return answer;
    }
  }
  return {};
}

void Reference::slow(int leaf) {
  bool done = false;
  if (rule_ == Rule::reads) find_slow(root_, leaf, done);
  look(root_);
}

// Whether the leaf is in this node; on the way back up the first who can go on does.
bool Reference::find_slow(const Node& node, int leaf, bool& done) {
  if (node.index == leaf) return true;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (!find_slow(node.children[i], leaf, done)) continue;
    // Under what is settled or told nobody hurries.
    if (results_.contains(node.index)) done = true;
    if (done || node.part.verb != Verb::try_ || i + 1 == node.children.size()) return true;
    const Node& next = node.children[i + 1];
    if (!begun_.contains(next.index) && next.part.gate.has(Outcome::expired))
      hurried_.insert(next.index);
    done = true;
    return true;
  }
  return false;
}

}  // namespace ringway::route
