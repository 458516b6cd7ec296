// Each thing that a route of several copies, a spare or a migration is to do, as a plan and a run
// of it. The plans are written here by hand; the routes that make them find their tables here.
#include <doctest/doctest.h>

#include "route/plan_text.h"

namespace ringway::route {
namespace {

struct Row {
  std::string_view asked;
  Rule rule;
  std::string_view plan;
  std::string_view run;
};

void check(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.asked);
    CAPTURE(row.plan);
    CHECK(run_of(plan_of(row.rule, row.plan), row.run) == row.run);
  }
}

constexpr Rule reads = Rule::reads;
constexpr Rule changes = Rule::changes;
constexpr Rule removes = Rule::removes;

// --- Copies: P is the primary, O and Q are the others; O' is a second ask of O's server.

constexpr std::string_view next_on_miss = "try{P, [failures|miss] O, [failures|miss] Q}";
constexpr std::string_view stop_on_miss = "try{P, [failures] O, [failures] Q}";
constexpr std::string_view tokens = "try{P, [failures|miss] O marked, [failures|miss] Q marked}";
constexpr std::string_view touch = "all(1){P, O touch, Q touch}";
constexpr std::string_view get_and_touch =
    "try{all(1){P, O touch, Q touch}, [P: not good] try{[O: good] O', [failures, Q: good] Q'}}";
constexpr std::string_view set_one = "all(1){P, O, Q}";
constexpr std::string_view set_two = "all(2){P, O, Q}";
constexpr std::string_view set_told = "all{P, tell{O, Q}}";
constexpr std::string_view add_one = "then{P, [good] all(0){O store, Q store}}";
constexpr std::string_view add_two = "then{P, [good] all(1){O store, Q store}}";
constexpr std::string_view add_told = "then{P, [good] tell{O store, Q store}}";
constexpr std::string_view then_remove = "then{P, [good] all(0){O remove, Q remove}}";
constexpr std::string_view count =
    "all{P count, all(0){then{O count, [declined] O' remove}, then{Q count, [declined] Q' "
    "remove}}}";
constexpr std::string_view count_told =
    "all{P count, tell{then{O count, [declined] O' remove}, then{Q count, [declined] Q' remove}}}";
constexpr std::string_view remove = "then{P, [any] all{O, Q}}";
constexpr std::string_view remove_at_once = "all{P, O, Q}";
constexpr std::string_view remove_told = "then{P, [any] tell{O, Q}}";

TEST_CASE("copies: reads") {
  static constexpr Row rows[] = {
      {"get", reads, next_on_miss, "asks P, P good, tells P good"},
      {"get", reads, next_on_miss, "asks P, P miss asks O, O good, tells O good"},
      {"get", reads, next_on_miss, "asks P, P lost asks O, O miss asks Q, Q failed, tells O miss"},
      {"get", reads, next_on_miss, "asks P, P out asks O, O lost asks Q, Q failed, tells P failed"},
      {"get", reads, next_on_miss, "asks P, P refused, tells P refused"},
      {"get, hedged", reads, next_on_miss,
       "asks P, P slow asks O, O good, tells O good, P expired"},
      {"get, on_miss = stop", reads, stop_on_miss, "asks P, P miss, tells P miss"},
      {"get, on_miss = stop", reads, stop_on_miss,
       "asks P, P expired asks O, O miss, tells O miss"},
      {"gets, mg c C, me", reads, tokens, "asks P, P failed asks O, O good, tells O good"},
      {"gets, mg c C, me", reads, tokens, "asks P, P good, tells P good"},
      {"mg N R E", changes, "P", "asks P, P expired, tells P expired"},
  };
  check(rows);
}

TEST_CASE("copies: touches") {
  static constexpr Row rows[] = {
      {"touch", changes, touch, "asks P O Q, P good, O good, Q lost, tells P good"},
      {"touch", changes, touch, "asks P O Q, P miss, O miss, Q good, tells Q good"},
      {"touch", changes, touch, "asks P O Q, P miss, O miss, Q miss, tells P miss"},
      {"gat, mg T", changes, get_and_touch, "asks P O Q, Q good, O good, P good, tells P good"},
      {"gat, mg T", changes, get_and_touch,
       "asks P O Q, P miss, O miss, Q good asks Q', Q' good, tells Q' good"},
      {"gat, mg T", changes, get_and_touch,
       "asks P O Q, P miss, O good, Q good asks O', O' good, tells O' good"},
      {"gat, mg T", changes, get_and_touch,
       "asks P O Q, P lost, O good, Q good asks O', O' out asks Q', Q' good, tells Q' good"},
      {"gat, mg T", changes, get_and_touch,
       "asks P O Q, P miss, O good, Q miss asks O', O' lost, tells O' lost"},
      {"gat, mg T", changes, get_and_touch, "asks P O Q, P miss, O miss, Q miss, tells P miss"},
      {"gat, mg T", changes, get_and_touch, "asks P O Q, P miss, O lost, Q miss, tells O lost"},
  };
  check(rows);
}

TEST_CASE("copies: sets, all at once") {
  static constexpr Row rows[] = {
      {"set, min_copies 1", changes, set_one, "asks P O Q, P lost, O good, Q out, tells O good"},
      {"set, min_copies 1", changes, set_one, "asks P O Q, P out, O failed, Q out, tells O failed"},
      {"set, min_copies 2", changes, set_two, "asks P O Q, Q good, O lost, P good, tells P good"},
      {"set, min_copies 2", changes, set_two, "asks P O Q, P good, O out, Q lost, tells Q lost"},
      {"set, min_copies 2", changes, set_two, "asks P O Q, P good, O out, Q out, tells O failed"},
      {"set, wait = primary", changes, set_told,
       "asks P O Q, P good, tells P good, O lost, Q good"},
      {"set, writes = invalidate", changes, then_remove,
       "asks P, P good asks O Q, O miss, Q good, tells P good"},
      {"set, writes = invalidate", changes, then_remove, "asks P, P expired, tells P expired"},
      {"set, writes = local", changes, "O", "asks O, O good, tells O good"},
  };
  check(rows);
}

TEST_CASE("copies: what is decided at the primary") {
  static constexpr Row rows[] = {
      {"add replace cas ms", changes, add_one,
       "asks P, P good asks O Q, O lost, Q expired, tells P good"},
      {"add replace cas ms", changes, add_one, "asks P, P declined, tells P declined"},
      {"add replace cas ms", changes, add_one, "asks P, P out, tells P out"},
      {"add, min_copies 2", changes, add_two,
       "asks P, P good asks O Q, O lost, Q good, tells P good"},
      {"add, min_copies 2", changes, add_two,
       "asks P, P good asks O Q, O lost, Q out, tells O lost"},
      {"add, wait = primary", changes, add_told,
       "asks P, P good asks O Q, tells P good, O good, Q lost"},
      {"add, value not kept", changes, then_remove,
       "asks P, P good asks O Q, O good, Q miss, tells P good"},
      {"append prepend ms MA MP I", changes, then_remove,
       "asks P, P good asks O Q, O expired, Q good, tells P good"},
      {"append prepend ms MA MP I", changes, then_remove, "asks P, P declined, tells P declined"},
      {"ma C", changes, then_remove, "asks P, P declined, tells P declined"},
      {"md C I x", changes, then_remove, "asks P, P miss, tells P miss"},
  };
  check(rows);
}

TEST_CASE("copies: counts, compared with the primary's") {
  static constexpr Row rows[] = {
      {"incr decr ma", changes, count, "asks P O Q, P good, O good, Q good, tells P good"},
      {"incr decr ma", changes, count,
       "asks P O Q, P good, O declined asks O', Q miss, O' good, tells P good"},
      {"incr decr ma", changes, count,
       "asks P O Q, P miss, O miss, Q declined asks Q', Q' lost, tells P miss"},
      {"incr decr ma", changes, count, "asks P O Q, P lost, O out, Q good, tells P lost"},
      {"incr, wait = primary", changes, count_told,
       "asks P O Q, P good, tells P good, O declined asks O', Q good, O' good"},
  };
  check(rows);
}

TEST_CASE("copies: deletes") {
  static constexpr Row rows[] = {
      {"delete md", removes, remove, "asks P, P good asks O Q, O miss, Q miss, tells P good"},
      {"delete md", removes, remove, "asks P, P miss asks O Q, O miss, Q good, tells Q good"},
      {"delete md", removes, remove, "asks P, P miss asks O Q, Q miss, O miss, tells P miss"},
      {"delete md", removes, remove, "asks P, P good asks O Q, O lost, Q good, tells O lost"},
      {"delete md", removes, remove, "asks P, P lost asks O Q, O good, Q good, tells P lost"},
      {"delete, repair = false", removes, remove_at_once,
       "asks P O Q, Q good, P miss, O miss, tells Q good"},
      {"delete, wait = primary", removes, remove_told,
       "asks P, P miss asks O Q, tells P miss, O good, Q lost"},
      {"a value refused as too large", removes, "then{P remove, [any] all{O remove, Q remove}}",
       "asks P, P good asks O Q, O good, Q good, tells P good"},
  };
  check(rows);
}

// --- A main pool's home H and its spares S, T.

constexpr std::string_view read_on_failure = "try{H, [failures] S, [failures] T}";
constexpr std::string_view read_on_miss = "try{H, [failures|miss] S}";
constexpr std::string_view write_unsent = "try{H, [out] S, [out] T}";
constexpr std::string_view write_recent = "try{then{H, [not out] tell{S remove}}, [out] S'}";
constexpr std::string_view remove_recent = "try{then{H, [not out] all(0){S remove}}, [out] S'}";

TEST_CASE("spares") {
  static constexpr Row rows[] = {
      {"reads", reads, read_on_failure, "asks H, H lost asks S, S good, tells S good"},
      {"reads", reads, read_on_failure, "asks H, H miss, tells H miss"},
      {"reads", reads, read_on_failure, "asks H, H out asks S, S out asks T, T miss, tells T miss"},
      {"reads, rate_max", reads, read_on_failure,
       "asks H, H failed asks S, S out asks T, T out, tells H failed"},
      {"reads, on_miss = next", reads, read_on_miss, "asks H, H miss asks S, S miss, tells H miss"},
      {"reads, home out", reads, "S", "asks S, S good, tells S good"},
      {"set delete touch gat", changes, write_unsent, "asks H, H expired, tells H expired"},
      {"set delete touch gat", changes, write_unsent,
       "asks H, H out asks S, S out asks T, T good, tells T good"},
      {"set delete touch gat", changes, write_unsent,
       "asks H, H out asks S, S failed, tells S failed"},
      {"set, recent", changes, write_recent, "asks H, H good asks S, tells H good, S lost"},
      {"set, recent", changes, write_recent, "asks H, H lost asks S, tells H lost, S good"},
      {"set, recent", changes, write_recent, "asks H, H out asks S', S' good, tells S' good"},
      {"delete, recent", removes, remove_recent, "asks H, H miss asks S, S good, tells H miss"},
      {"delete, recent", removes, remove_recent, "asks H, H out asks S', S' good, tells S' good"},
      {"delete, recent", removes, remove_recent, "asks H, H good asks S, S lost, tells H good"},
      {"add cas incr append", changes, "H", "asks H, H out, tells H out"},
      {"set, home out", changes, "try{S, [out] T}", "asks S, S out asks T, T good, tells T good"},
  };
  check(rows);
}

// --- Whatever may stand under one another.

constexpr std::string_view copies_of_failovers = "all(1){try{a, [out] a'}, try{b, [out] b'}}";
constexpr std::string_view failover_of_copies = "try{all(1){a, b}, [out] s}";
constexpr std::string_view read_failover_of_copies = "try{try{a, [failures|miss] b}, [failures] s}";
constexpr std::string_view read_copies_of_failovers =
    "try{try{a, [failures] a'}, [failures|miss] try{b, [failures] b'}}";

TEST_CASE("routes under routes") {
  static constexpr Row rows[] = {
      {"every copy", changes, "all{a, b, c}",
       "asks a b c, b good, a good, c failed, tells c failed"},
      {"copies of failovers", changes, copies_of_failovers,
       "asks a b, a out asks a', b lost, a' good, tells a' good"},
      {"copies of failovers", changes, "all{try{a, [out] a'}, try{b, [out] b'}}",
       "asks a b, a out asks a', b out asks b', b' out, a' good, tells b' failed"},
      {"a failover of copies: nothing was sent", changes, failover_of_copies,
       "asks a b, a out, b out asks s, s good, tells s good"},
      {"a failover of copies: something was sent", changes, failover_of_copies,
       "asks a b, a out, b lost, tells b lost"},
      {"a failover of copies: one took it", changes, "try{all{a, b}, [out] s}",
       "asks a b, a out, b good, tells a failed"},
      {"a failover of copies", reads, read_failover_of_copies,
       "asks a, a miss asks b, b lost, tells a miss"},
      {"a failover of copies", reads, read_failover_of_copies,
       "asks a, a expired asks b, b lost asks s, s miss, tells s miss"},
      {"copies of failovers", reads, read_copies_of_failovers,
       "asks a, a lost asks a', a' miss asks b, b good, tells b good"},
      {"a delete through a failover of copies", removes, "try{then{a, [any] all{b}}, [out] s}",
       "asks a, a out asks b, b out asks s, s good, tells s good"},
      {"move, write", changes, "then{t, [any] f remove}",
       "asks t, t good asks f, f miss, tells f miss"},
      {"move, write, unheard", changes, "then{t, [any] all(0){f remove}}",
       "asks t, t good asks f, f lost, tells t good"},
      {"move, read", reads, "try{t, [miss] f}", "asks t, t miss asks f, f good, tells f good"},
      {"move, read", reads, "try{t, [miss] f}", "asks t, t lost, tells t lost"},
      {"a mirror", reads, "all{x, tell{m}}", "asks x m, x miss, tells x miss, m good"},
  };
  check(rows);
}

TEST_CASE("three deep") {
  static constexpr Row rows[] = {
      {"a mirrored failover of copies", reads,
       "all{try{try{a, [failures|miss] b}, [failures] s}, tell{m}}",
       "asks a m, a lost asks b, m miss, b expired asks s, s good, tells s good"},
      {"the same, with a hedge", reads,
       "all{try{try{a, [failures|miss] b}, [failures] s}, tell{m}}",
       "asks a m, a slow asks b, b slow asks s, s miss, b miss, a lost, tells b miss, m good"},
      {"copies move to copies of failovers, write", changes,
       "then{all(1){try{t, [out] t'}, try{u, [out] u'}}, [any] all(0){f remove, g remove}}",
       "asks t u, t out asks t', u lost, t' good asks f g, f lost, g miss, tells t' good"},
      {"copies move to copies, read", reads,
       "try{try{t, [failures|miss] u}, [miss] try{f, [failures|miss] g}}",
       "asks t, t miss asks u, u lost asks f, f lost asks g, g good, tells g good"},
      {"a mirrored move of adds", changes,
       "all{then{then{t, [good] all(1){u store}}, [good] all(0){f remove}}, tell{m}}",
       "asks t m, t good asks u, u good asks f, m declined, f good, tells t good"},
      {"a mirrored move of adds", changes,
       "all{then{then{t, [good] all(1){u store}}, [good] all(0){f remove}}, tell{m}}",
       "asks t m, t good asks u, u lost, tells u lost, m declined"},
      {"counts of copies of failovers", changes,
       "all{try{a count, [out] a'}, all(0){then{try{b count, [out] b'}, [declined] b.r remove}}}",
       "asks a b, a out asks a', b declined asks b.r, a' good, b.r good, tells a' good"},
  };
  check(rows);
}

}  // namespace
}  // namespace ringway::route
