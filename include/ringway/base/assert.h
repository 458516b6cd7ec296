// RINGWAY_ASSERT states what must hold if the program itself is right. It stays
// on in release builds: a wrong reply is worse than an ended process. What a
// peer or an operator does wrong is never asserted (see design: errors).
#pragma once

namespace ringway {

// Prints what was expected and where, then aborts.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace ringway

#define RINGWAY_ASSERT(condition)                               \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::ringway::assert_failed(#condition, __FILE__, __LINE__); \
  } while (false)
