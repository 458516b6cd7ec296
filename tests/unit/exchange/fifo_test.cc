// Who stands where in a FIFO, whoever leaves it.
#include "exchange/fifo.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

namespace ringway::proxy {
namespace {

struct Row {
  const char* what;
  const char* steps;  // "+a": joins; "-a": leaves.
  const char* left;   // In their order.
};

const Row rows[] = {
    {"nobody", "", ""},
    {"one", "+a", "a"},
    {"in the order they joined", "+a +b +c", "abc"},
    {"the head leaves", "+a +b +c -a", "bc"},
    {"one in the middle leaves", "+a +b +c -b", "ac"},
    {"the last leaves, and another joins behind those that are left", "+a +b +c -c +d", "abd"},
    {"all leave, and it begins anew", "+a +b -a -b +c", "c"},
    {"one that has left joins again, at the end", "+a +b -a +a", "ba"},
    {"two that stand together", "+a +b +c +d -b -c", "ad"},
};

TEST_CASE("a FIFO keeps the order of those who joined, whoever leaves") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::array<Fragment, 4> fragments;
    Fifo fifo;
    std::uint32_t joined = 0;
    const std::string steps = row.steps;
    for (std::size_t i = 0; i + 1 < steps.size(); i += 3) {
      Fragment& one = fragments[static_cast<std::size_t>(steps[i + 1] - 'a')];
      if (steps[i] == '+') {
        fifo.join(one);
        ++joined;
      } else {
        Fragment* before = nullptr;
        for (Fragment* it = fifo.first(); it != &one; it = it->fifo_next) before = it;
        CHECK(&fifo.leave(before) == &one);
        CHECK(one.fifo_next == nullptr);
      }
      fifo.check_invariants();
    }
    std::string left;
    for (const Fragment* it = fifo.first(); it; it = it->fifo_next)
      left += static_cast<char>('a' + (it - fragments.data()));
    CHECK(left == row.left);
    CHECK(fifo.count() == left.size());
    CHECK(fifo.empty() == left.empty());
    CHECK(fifo.joined() == joined);
    while (!fifo.empty()) fifo.leave(nullptr);
  }
}

}  // namespace
}  // namespace ringway::proxy
