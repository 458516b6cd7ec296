// How an Io is built: sizes and limits that only tests and operators change.
// Everything here is mechanism; what the router does never depends on it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ringway/base/time.h"

namespace ringway::net {

enum class IoKind : std::uint8_t { automatic, io_uring, epoll };

// Receive buffers that all sockets of one kind share. An eighth is provided at
// first; more are added, up to count_max, when they run out.
struct BufferSettings {
  std::uint32_t size_bytes;
  std::uint32_t count_max;  // A power of two, at most 32768.

  std::size_t bytes_max() const { return std::size_t{size_bytes} * count_max; }
  // Fewer, so that they are at most so much, but a few there have to be.
  void fit(std::uint64_t bytes) {
    while (count_max > 16 && bytes_max() > bytes) count_max /= 2;
  }
};

// When finished work is handed over by the kernel, best first. An older kernel
// that refuses one gets the next.
enum class TaskRun : std::uint8_t { deferred, cooperative, plain };

struct IoSettings {
  BufferSettings client_buffers{.size_bytes = 16 * 1024, .count_max = 512};
  BufferSettings server_buffers{.size_bytes = 128 * 1024, .count_max = 64};
  std::uint32_t submissions_max = 1024;    // Prepared operations between two submits.
  std::uint32_t completions_max = 16384;   // The kernel's queue towards us.
  std::uint32_t arena_bytes = 512 * 1024;  // epoll: what one wait() may read in all.
  Duration batch_window = std::chrono::microseconds(200);  // Zero: never linger.
  TaskRun task_run = TaskRun::deferred;                    // The best one to try.
  // Where a worker has so much memory in all: an eighth of it is to receive into.
  void fit(std::uint64_t memory_bytes) {
    client_buffers.fit(memory_bytes / 16);
    server_buffers.fit(memory_bytes / 16);
  }
  std::size_t receive_bytes_max() const {
    return client_buffers.bytes_max() + server_buffers.bytes_max();
  }

  std::uint64_t seed = 0;  // Of random(); 0: from the system.
};

}  // namespace ringway::net
