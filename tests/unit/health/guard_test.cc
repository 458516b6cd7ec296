#include "health/guard.h"

#include <doctest/doctest.h>

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

}  // namespace
}  // namespace ringway::proxy
