// How many servers of a pool may be out, and where one stands that fails.
#include "health/guard.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

namespace ringway::proxy {
namespace {

struct Row {
  std::size_t members;
  double max_ejected;
  std::size_t most_out;
};

const Row rows[] = {
    {1, 0.0, 1},     {1, 0.5, 1},    {1, 1.0, 1},      {2, 0.5, 1},
    {2, 0.99, 1},    {2, 1.0, 2},    {3, 0.5, 1},      {3, 1.0, 3},
    {4, 0.5, 2},     {10, 0.3, 3},   {10, 0.29, 2},    {10, 0.0, 1},
    {100, 0.29, 29}, {100, 0.07, 7}, {1000, 0.001, 1}, {1000, 0.57, 570},
};

TEST_CASE("so many of a pool's servers may be out, and at least one") {
  for (const Row& row : rows) {
    CAPTURE(row.members);
    CAPTURE(row.max_ejected);
    CHECK(most_out(row.members, row.max_ejected) == row.most_out);
  }
}

struct Others {
  const char* what;
  const char* standings;  // u: up, h: held, e: ejected, n: no address, d: drained, m, j: joining.
  double max_ejected;
  Standing then;
};

const Others tables[] = {
    {"the last one never leaves", "", 1.0, Standing::held},
    {"one of two may", "u", 0.5, Standing::ejected},
    {"not while the other one is out", "e", 0.5, Standing::held},
    {"not even where all may be out", "e", 1.0, Standing::held},
    {"another one that is held is left", "h", 1.0, Standing::ejected},
    {"one that is out by hand is nobody who is left", "d", 1.0, Standing::held},
    {"nor is one that has not joined", "j", 1.0, Standing::held},
    {"half of four", "uuu", 0.5, Standing::ejected},
    {"half of four, and one is out", "euu", 0.5, Standing::ejected},
    {"half of four, and two are out", "eeu", 0.5, Standing::held},
    {"who has no address counts as out", "enu", 0.5, Standing::held},
    {"who is out by hand takes no place of those who fail", "dmeu", 0.5, Standing::ejected},
    {"all but one", "eeu", 1.0, Standing::ejected},
};

TEST_CASE("where a server stands that failed too often, as the others of its pool stand") {
  for (const Others& row : tables) {
    CAPTURE(row.what);
    std::vector<Standing> others;
    for (const char one : std::string(row.standings)) {
      others.push_back(one == 'u'   ? Standing::up
                       : one == 'h' ? Standing::held
                       : one == 'e' ? Standing::ejected
                       : one == 'n' ? Standing::unresolved
                       : one == 'd' ? Standing::drained
                       : one == 'm' ? Standing::maintenance
                                    : Standing::joining);
    }
    CHECK(standing_out(others, row.max_ejected, false) == row.then);
    const Standing nowhere = row.then == Standing::held ? row.then : Standing::unresolved;
    CHECK(standing_out(others, row.max_ejected, true) == nowhere);
  }
}

}  // namespace
}  // namespace ringway::proxy
