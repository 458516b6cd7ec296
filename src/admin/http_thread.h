// What the threads of the HTTP addresses have in common: a name, a low priority, and a
// rest after work, so that no flood of questions is felt by traffic.
#pragma once

#include <cstdint>

#include "ringway/base/time.h"

namespace ringway::admin {

// Probes shall be answered on a busy machine, too; bodies may wait.
enum class Standing : std::uint8_t { prompt, patient };

// First thing on the thread.
void begin_http_thread(const char* name, Standing standing);

Instant http_now();

// Sleeps four times as long as work took that began then, between 1 ms and `at_most`: so it
// takes a fifth of one CPU at most, and what arrives meanwhile is done in one go.
void rest_after(Instant begun, Duration at_most);

}  // namespace ringway::admin
