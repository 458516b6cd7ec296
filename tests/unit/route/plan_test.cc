// Plans as data: what is put together is what is there.
#include "ringway/route/plan.h"

#include <doctest/doctest.h>

#include "route/plan_text.h"

namespace ringway::route {
namespace {

using pool::ServerId;

TEST_CASE("one ask and nothing else is a single plan, and its leaf can be had") {
  Plan plan;
  CHECK(plan.empty());
  plan.ask({.server = ServerId{7}});
  CHECK(plan.single());
  CHECK(plan.leaf().server == ServerId{7});
  plan.invariants();
}

TEST_CASE("a part with one ask in it is no single plan") {
  CHECK_FALSE(plan_of(Rule::reads, "all{a}").plan.single());
}

TEST_CASE("a tree has parents before children, children in order") {
  const NamedPlan named = plan_of(Rule::changes, "then{a, [good] all(0){b, c}, d}");
  const auto part = [&](std::string_view name) { return named.plan[named.named(name)]; };
  CHECK(part("then").first == named.named("a"));
  CHECK(part("a").next == named.named("all"));
  CHECK(part("all").next == named.named("d"));
  CHECK(part("d").next == Part::none);
  CHECK(part("c").parent == named.named("all"));
  CHECK(part("all").need == 0);
  CHECK(part("all").gate == Outcomes{Outcome::good});
}

TEST_CASE("a plan that was cleared is as new") {
  Plan plan = plan_of(Rule::removes, "all{a, b}").plan;
  plan.clear();
  CHECK(plan.empty());
  CHECK(plan.rule == Rule::reads);
  plan.ask({});
  CHECK(plan.single());
}

TEST_CASE("a plan takes as many parts and asks as it says") {
  Plan plan;
  plan.open({.verb = Verb::all});
  for (int i = 1; i < Plan::asks_max; ++i) {
    plan.open({.verb = Verb::then});
    plan.open({.verb = Verb::all, .need = 0});
    plan.ask({});
    plan.close();
    plan.close();
  }
  plan.open({.verb = Verb::tell});
  plan.ask({});
  plan.close();
  plan.close();
  CHECK(plan.size() == Plan::parts_max);
  plan.invariants();
}

TEST_CASE("a set of outcomes") {
  constexpr Outcomes two = Outcomes{Outcome::good} | Outcomes{Outcome::lost};
  CHECK(two.has(Outcome::lost));
  CHECK_FALSE(two.has(Outcome::out));
  CHECK((~two).has(Outcome::out));
  CHECK(~~two == two);
  CHECK((two | ~two) == proto::any_outcome);
  CHECK_FALSE(proto::failures.has(Outcome::refused));
}

}  // namespace
}  // namespace ringway::route
