// What one Io did, for metrics and tests. Written and read by the worker alone;
// whoever else wants the numbers gets a copy from it.
#pragma once

#include <cstdint>

namespace ringway::net {

struct IoCounters {
  std::uint64_t waits = 0;              // Calls of wait().
  std::uint64_t syscalls = 0;           // System calls made to submit, wait, send and receive.
  std::uint64_t submitted = 0;          // Operations handed to the kernel.
  std::uint64_t lingered = 0;           // Waits that asked for several completions at once.
  std::uint64_t buffers_exhausted = 0;  // Receives that found no buffer and were parked.
  std::uint64_t buffers_added = 0;      // Receive buffers provided beyond the first eighth.
  std::uint64_t recvs_rearmed = 0;      // Receives started again without the caller's knowledge.
  std::uint64_t sends_continued = 0;    // Sends that needed more than one go.
  std::uint64_t wakes = 0;              // Times that wake() was noticed.
};

}  // namespace ringway::net
