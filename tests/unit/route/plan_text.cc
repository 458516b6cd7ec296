// See plan_text.h.
#include "route/plan_text.h"

#include <algorithm>
#include <cctype>
#include <doctest/doctest.h>
#include <sstream>

namespace ringway::route {
namespace {

constexpr std::string_view verbs[] = {"ask", "try", "all", "then", "tell"};
constexpr std::string_view forms[] = {"as asked", "remove", "store", "touch", "count"};

// One plan, read from left to right.
class Reader {
 public:
  Reader(Rule rule, std::string_view text) : rest_(text) { out_.plan.rule = rule; }

  NamedPlan read() {
    part();
    CHECK_MESSAGE(rest_.empty(), "left over: ", rest_);
    out_.plan.invariants();
    return std::move(out_);
  }

 private:
  bool takes(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void must(char c) { REQUIRE_MESSAGE(takes(c), "expected ", c, " before: ", rest_); }
  void skip_spaces() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  std::string_view word() {
    skip_spaces();
    const auto in_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '\'' || c == '.';
    };
    std::size_t size = 0;
    while (size < rest_.size() && in_word(rest_[size])) ++size;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  void gate(Part& part) {
    do {
      std::string_view first = word();
      const bool other = takes(':');
      if (other) {
        part.of = out_.named(first);
        first = word();
      }
      const bool inverted = first == "not";
      if (inverted) first = word();
      Outcomes gate = outcomes(first);
      while (takes('|')) gate = gate | outcomes(word());
      (other ? part.when : part.gate) = inverted ? ~gate : gate;
    } while (takes(','));
    must(']');
  }
  static Outcomes outcomes(std::string_view name) {
    if (name == "any") return proto::any_outcome;
    if (name == "failures") return proto::failures;
    const auto& words = proto::outcome_words;
    const auto* found = std::ranges::find(words, name);
    REQUIRE_MESSAGE(found != words.end(), "no outcome: ", name);
    return {static_cast<Outcome>(found - words.begin())};
  }

  void part() {
    Part part;
    if (takes('[')) gate(part);
    const std::string_view name = word();
    const auto* verb = std::ranges::find(verbs, name);
    if (verb == std::end(verbs)) return leaf(name, part);
    part.verb = static_cast<Verb>(verb - verbs);
    if (takes('(')) {
      part.need = static_cast<std::uint8_t>(std::stoi(std::string(word())));
      must(')');
    }
    out_.plan.open(part);
    out_.names.emplace_back(name);
    must('{');
    do this->part();
    while (takes(','));
    must('}');
    out_.plan.close();
  }
  void leaf(std::string_view name, Part& part) {
    REQUIRE_MESSAGE(!name.empty(), "a part is missing before: ", rest_);
    REQUIRE(std::ranges::count(out_.names, name) == 0);
    const std::string_view what = word();
    if (what == "marked") {
      part.marked = true;
    } else if (!what.empty()) {
      const auto* form = std::ranges::find(forms, what);
      REQUIRE_MESSAGE(form != std::end(forms), "no form: ", what);
      part.form = static_cast<Form>(form - forms);
    }
    out_.plan.ask(part);
    out_.names.emplace_back(name);
  }

  std::string_view rest_;
  NamedPlan out_;
};

std::string asked(const NamedPlan& named, const Progress::Asks& asks) {
  std::string out;
  for (const std::uint8_t leaf : asks) out += " " + named.names[leaf];
  return out.empty() ? "" : " asks" + out;
}

std::string told(const NamedPlan& named, const Progress& progress) {
  if (progress.told() == Part::none) return ", tells nobody";
  return ", tells " + named.names[progress.told()] + " " +
         std::string(proto::word(*progress.outcome()));
}

Outcome outcome_named(std::string_view name) {
  const auto* found = std::ranges::find(proto::outcome_words, name);
  REQUIRE_MESSAGE(found != proto::outcome_words.end(), "no outcome: ", name);
  return static_cast<Outcome>(found - proto::outcome_words.begin());
}

// "P good", "P slow".
struct Step {
  std::uint8_t leaf;
  std::string what;

  bool slow() const { return what == "slow"; }
};

std::vector<Step> steps_of(const NamedPlan& named, std::string_view run) {
  std::vector<Step> steps;
  std::istringstream all{std::string(run)};
  for (std::string step; std::getline(all, step, ',');) {
    std::istringstream words(step);
    std::string leaf;
    std::string what;
    words >> leaf >> what;
    if (leaf != "asks" && leaf != "tells") steps.push_back({named.named(leaf), what});
  }
  return steps;
}

Progress::Asks take(Progress& progress, const Step& step) {
  if (step.slow()) return progress.on_slow(step.leaf);
  return progress.on_outcome(step.leaf, outcome_named(step.what));
}

}  // namespace

std::uint8_t NamedPlan::named(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  REQUIRE_MESSAGE(found != names.end(), "no part: ", name);
  return static_cast<std::uint8_t>(found - names.begin());
}

NamedPlan plan_of(Rule rule, std::string_view text) {
  return Reader(rule, text).read();
}

std::string run_of(const NamedPlan& named, std::string_view run) {
  Progress progress;
  std::string out = asked(named, progress.begin(named.plan)).substr(1);
  bool said = false;
  const auto say = [&] {
    progress.invariants();
    if (progress.settled() && !said) out += told(named, progress);
    said = progress.settled();
  };
  say();
  for (const Step& step : steps_of(named, run)) {
    out += ", " + named.names[step.leaf] + " " + step.what;
    const bool leaves = !step.slow() && progress.is_final(step.leaf, outcome_named(step.what));
    out += asked(named, take(progress, step));
    if (leaves) CHECK((progress.settled() && progress.told() == step.leaf));
    say();
  }
  CHECK_MESSAGE(progress.over(), "somebody is still asked");
  return out;
}

bool may_leave(const NamedPlan& named, std::string_view before, std::string_view leaf,
               Outcome outcome) {
  Progress progress;
  progress.begin(named.plan);
  for (const Step& step : steps_of(named, before)) take(progress, step);
  return progress.is_final(named.named(leaf), outcome);
}

}  // namespace ringway::route
