// What is asked and told, as tables: each row a plan and one way it can go.
#include "ringway/route/progress.h"

#include <doctest/doctest.h>

#include "route/plan_text.h"

namespace ringway::route {
namespace {

struct Row {
  std::string_view what;
  std::string_view plan;
  std::string_view run;
};

void check(Rule rule, std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CAPTURE(row.plan);
    CHECK(run_of(plan_of(rule, row.plan), row.run) == row.run);
  }
}

TEST_CASE("one ask is a plan: its outcome is told") {
  static constexpr Row rows[] = {
      {"a hit", "P", "asks P, P good, tells P good"},
      {"an error", "P", "asks P, P lost, tells P lost"},
  };
  check(Rule::reads, rows);
}

TEST_CASE("a part of one child is its child") {
  static constexpr Row rows[] = {
      {"try", "try{P}", "asks P, P miss, tells P miss"},
      {"all", "all{P}", "asks P, P miss, tells P miss"},
      {"then", "then{P}", "asks P, P miss, tells P miss"},
  };
  check(Rule::changes, rows);
}

TEST_CASE("try: reads are told the best answer, changes the last") {
  static constexpr Row reads[] = {
      {"the first", "try{a, [failures] b}", "asks a, a good, tells a good"},
      {"the next", "try{a, [failures] b}", "asks a, a failed asks b, b good, tells b good"},
      {"a miss before an error", "try{a, [failures] b}",
       "asks a, a out asks b, b miss, tells b miss"},
      {"of errors the first", "try{a, [failures] b}",
       "asks a, a expired asks b, b lost, tells a expired"},
      {"a client's own error", "try{a, [failures] b}", "asks a, a refused, tells a refused"},
      {"a miss that no gate takes", "try{a, [failures] b}", "asks a, a miss, tells a miss"},
      {"a miss is not forgotten", "try{a, [failures|miss] b, [failures|miss] c}",
       "asks a, a miss asks b, b lost asks c, c expired, tells a miss"},
      {"one that is passed over", "try{a, [out] b, [miss] c}",
       "asks a, a miss asks c, c good, tells c good"},
  };
  static constexpr Row changes[] = {
      {"not sent", "try{a, [out] b}", "asks a, a out asks b, b failed, tells b failed"},
      {"sent", "try{a, [out] b}", "asks a, a lost, tells a lost"},
      {"nobody could be sent it", "try{a, [out] b}", "asks a, a out asks b, b out, tells b out"},
      {"the last is out, another was not", "try{a, [failed] b}",
       "asks a, a failed asks b, b out, tells b failed"},
  };
  check(Rule::reads, reads);
  check(Rule::changes, changes);
}

TEST_CASE("all: the worst counts, of equal ones the first; enough good ones are good") {
  static constexpr Row rows[] = {
      {"all good", "all{a, b}", "asks a b, b good, a good, tells a good"},
      {"the worst", "all{a, b, c}", "asks a b c, c expired, a good, b failed, tells c expired"},
      {"equals", "all{a, b}", "asks a b, b lost, a lost, tells a lost"},
      {"the first good one", "all(1){a, b, c}", "asks a b c, c good, b good, a lost, tells b good"},
      {"too few", "all(2){a, b, c}", "asks a b c, c good, b failed, a miss, tells b failed"},
      {"enough, and the others are waited for", "all(1){a, b}",
       "asks a b, a good, b expired, tells a good"},
      {"out as a whole", "all{a, b}", "asks a b, a out, b out, tells a out"},
      {"out in part is a failure", "all{a, b}", "asks a b, a out, b good, tells a failed"},
      {"what does not matter", "all{a, all(0){b, c}}",
       "asks a b c, a miss, b lost, c good, tells a miss"},
      {"nothing matters", "all(0){a}", "asks a, a good, tells nobody"},
  };
  check(Rule::changes, rows);
}

TEST_CASE("removes: a copy that had the key outweighs one that had not") {
  static constexpr Row rows[] = {
      {"one had it", "all{a, b}", "asks a b, a miss, b good, tells b good"},
      {"none had it", "all{a, b}", "asks a b, b miss, a miss, tells a miss"},
      {"one did not confirm", "all{a, b}", "asks a b, a good, b lost, tells b lost"},
  };
  check(Rule::removes, rows);
}

TEST_CASE("then: one after the other, each if its gate allows") {
  static constexpr Row rows[] = {
      {"both", "then{a, [good] b}", "asks a, a good asks b, b good, tells a good"},
      {"the second is not for this", "then{a, [good] b}", "asks a, a miss, tells a miss"},
      {"a worse second", "then{a, [any] b}", "asks a, a miss asks b, b lost, tells b lost"},
      {"one passed over", "then{a, [good] b, [miss] c}",
       "asks a, a miss asks c, c good, tells a miss"},
      {"so far is the worst so far", "then{a, [any] b, [good] c, [lost] d}",
       "asks a, a lost asks b, b good asks d, d good, tells a lost"},
      {"what is told holds nobody up", "then{tell{a}, b}",
       "asks a b, b good, tells b good, a lost"},
  };
  check(Rule::changes, rows);
}

TEST_CASE("tell: asked, and neither waited for nor heard, but gone on with") {
  static constexpr Row rows[] = {
      {"late", "all{a, tell{b}}", "asks a b, a good, tells a good, b lost"},
      {"early", "all{a, tell{b}}", "asks a b, b lost, a good, tells a good"},
      {"in turn", "all{a, tell{then{b, [declined] c}}}",
       "asks a b, a good, tells a good, b declined asks c, c good"},
      {"only told", "tell{a}", "asks a, tells nobody, a lost"},
  };
  check(Rule::changes, rows);
}

TEST_CASE("a gate can look at a part of its own choice") {
  static constexpr Row rows[] = {
      {"it says yes", "then{all(1){a, b}, [b: good] c}",
       "asks a b, a good, b good asks c, c good, tells a good"},
      {"it says no", "then{all(1){a, b}, [b: good] c}", "asks a b, a good, b miss, tells a good"},
      {"it never began", "then{a, [good] b, [b: not good] c}", "asks a, a miss, tells a miss"},
      {"nobody is left to ask", "try{all{a, b}, [miss] try{[a: good] c, [b: good] d}}",
       "asks a b, a miss, b miss, tells a miss"},
  };
  check(Rule::changes, rows);
}

TEST_CASE("a slow read is asked of the next, too: the first hit counts, a miss waits") {
  static constexpr std::string_view plan = "try{a, [failures|miss] b, [failures|miss] c}";
  static constexpr Row rows[] = {
      {"the second is faster", plan, "asks a, a slow asks b, b good, tells b good, a good"},
      {"the first after all", plan, "asks a, a slow asks b, a good, tells a good, b miss"},
      {"a miss waits", plan, "asks a, a slow asks b, b miss, a good, tells a good"},
      {"both miss", plan, "asks a, a slow asks b, b miss, a miss asks c, c good, tells c good"},
      {"asked on once only", plan, "asks a, a slow asks b, a slow, b good, tells b good, a miss"},
      {"the second is slow, too", plan,
       "asks a, a slow asks b, b slow asks c, b lost, c good, tells c good, a good"},
      {"of errors the first in the plan", "try{a, [failures] b}",
       "asks a, a slow asks b, b lost, a expired, tells a expired"},
      {"no gate for silence", "try{a, [miss] b}", "asks a, a slow, a good, tells a good"},
      {"the last is slow", "try{a}", "asks a, a slow, a good, tells a good"},
      {"out of an inner try", "try{try{a, [failures] b}, [failures] c}",
       "asks a, a slow asks b, b slow asks c, c good, tells c good, a lost, b miss"},
      {"a loser asks nobody", "try{then{a, [good] b}, [failures] c}",
       "asks a, a slow asks c, c good, tells c good, a good"},
      {"what is told is not waited for", "all{a, tell{try{b, [failures] c}}}",
       "asks a b, b slow asks c, a good, tells a good, b good, c good"},
  };
  check(Rule::reads, rows);
  check(Rule::changes,
        std::array<Row, 1>{{{"only reads", plan, "asks a, a slow, a good, tells a good"}}});
}

TEST_CASE("a reply may leave as it arrives once nothing can be told instead") {
  struct Final {
    std::string_view what;
    Rule rule;
    std::string_view plan;
    std::string_view before;  // What came already.
    std::string_view leaf;
    Outcome outcome;
    bool may_leave;
  };
  static constexpr Final rows[] = {
      {"one ask", Rule::reads, "a", "", "a", Outcome::good, true},
      {"a hit", Rule::reads, "try{a, [failures|miss] b}", "", "a", Outcome::good, true},
      {"a miss that is tried on", Rule::reads, "try{a, [miss] b}", "", "a", Outcome::miss, false},
      {"a miss that is not", Rule::reads, "try{a, [failures] b}", "", "a", Outcome::miss, true},
      {"a worse one", Rule::reads, "try{a, [miss] b}", "a miss", "b", Outcome::failed, false},
      {"the last", Rule::reads, "try{a, [out] b}", "a out", "b", Outcome::miss, true},
      {"asked of two, a hit", Rule::reads, "try{a, [failures] b}", "a slow", "b", Outcome::good,
       true},
      {"asked of two, a miss", Rule::reads, "try{a, [failures] b}", "a slow", "b", Outcome::miss,
       false},
      {"beside a mirror", Rule::reads, "all{a, tell{b}}", "", "a", Outcome::good, true},
      {"of the mirror", Rule::reads, "all{a, tell{b}}", "", "b", Outcome::good, false},
      {"while a copy is waited for", Rule::changes, "all(1){a, b}", "", "a", Outcome::good, false},
      {"while what does not matter is", Rule::changes, "all{a, all(0){b}}", "", "a", Outcome::good,
       false},
      {"the last of two", Rule::changes, "all(1){a, b}", "b lost", "a", Outcome::good, true},
      {"the second of two good ones", Rule::changes, "all(1){a, b}", "a good", "b", Outcome::good,
       false},
      {"before the next begins", Rule::changes, "then{a, [good] b}", "", "a", Outcome::good, false},
      {"the next never begins", Rule::changes, "then{a, [good] b}", "", "a", Outcome::miss, true},
      {"the next is only told", Rule::changes, "then{a, [good] tell{b}}", "", "a", Outcome::good,
       true},
      {"a loser", Rule::reads, "try{a, [failures] b}", "a slow, b good", "a", Outcome::good, false},
  };
  for (const Final& row : rows) {
    CAPTURE(row.what);
    const NamedPlan named = plan_of(row.rule, row.plan);
    CHECK(may_leave(named, row.before, row.leaf, row.outcome) == row.may_leave);
  }
}

TEST_CASE("what came of each leaf can be asked: whom to repair, whom the key is owed") {
  const NamedPlan named = plan_of(Rule::reads, "try{a, [miss] b, [failures] c}");
  Progress progress;
  progress.begin(named.plan);
  CHECK_FALSE(progress.outcome_of(named.named("a")).has_value());
  progress.on_outcome(named.named("a"), Outcome::miss);
  progress.on_outcome(named.named("b"), Outcome::good);
  CHECK(progress.outcome_of(named.named("a")) == Outcome::miss);
  CHECK(progress.outcome_of(named.named("b")) == Outcome::good);
  CHECK_FALSE(progress.outcome_of(named.named("c")).has_value());
}

}  // namespace
}  // namespace ringway::route
