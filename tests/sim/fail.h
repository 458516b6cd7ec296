// How a run ends when something is wrong: a sentence, the virtual time, the seed
// and the one command that replays it, then abort(). A run is judged as a whole:
// there is nothing to clean up.
#pragma once

#include <cstdint>

namespace ringway::sim {

// The seed that failure messages name; installs the handlers that also name it
// when an assertion, a signal or a sanitizer ends the process.
void begin_run(std::uint64_t seed);

[[noreturn]] [[gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

}  // namespace ringway::sim

#define SIM_REQUIRE(condition, ...)      \
  do {                                   \
    if (!(condition)) [[unlikely]]       \
      ::ringway::sim::fail(__VA_ARGS__); \
  } while (false)
