// A group of receive buffers that the kernel chooses from (a provided buffer
// ring). Sockets with nothing to say hold none of them; only what was touched
// costs memory.
//
// Invariant: each buffer is either the kernel's to fill, or lent (named by a
// completion and not yet given back), or not provided so far.
#pragma once

#include <cstdint>
#include <liburing.h>
#include <vector>

#include "ringway/base/bytes.h"

#include "net/io_settings.h"

namespace ringway::net {

class UringBuffers {
 public:
  UringBuffers() = default;
  ~UringBuffers();
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  // 0 or an errno. The uring must outlive this group, or be gone altogether
  // before it: the kernel may not write into memory that was given up.
  int open(io_uring* uring, std::uint16_t group, const BufferSettings& settings);

  // What the kernel wrote into buffer `id`; stays valid until take_back().
  Bytes lend(std::uint16_t id, std::size_t bytes);
  void take_back();

  // Gives back the pages behind all buffers; whatever is in them is lost. Nothing may be
  // lent, and the kernel may have filled none that was not seen yet.
  void trim();

  // Provides another eighth; 0 if all are provided already.
  std::uint32_t grow();

  std::uint32_t provided() const { return provided_; }
  std::uint16_t group() const { return group_; }

 private:
  char* at(std::uint16_t id) const { return memory_ + std::size_t{id} * settings_.size_bytes; }
  std::size_t ring_bytes() const;
  std::size_t memory_bytes() const;
  void provide(std::uint16_t id, int offset);

  BufferSettings settings_{};
  std::uint16_t group_ = 0;
  std::uint32_t provided_ = 0;
  io_uring_buf_ring* entries_ = nullptr;
  char* memory_ = nullptr;
  std::vector<std::uint16_t> lent_;
};

}  // namespace ringway::net
