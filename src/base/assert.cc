// The end of a program that has found itself wrong: say where, then abort so
// that a core or a supervisor sees it.
#include "ringway/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace ringway {

void assert_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "ringway: internal error: expected %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace ringway
