// Memory for bytes on their way: blocks in powers of two, lent and returned
// within one worker. Freed blocks are kept for reuse up to a limit, so steady
// traffic allocates nothing and an idle worker holds next to nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ringway/base/assert.h"

namespace ringway::net {

class BufferPool {
 public:
  static constexpr std::size_t block_bytes_min = 256;
  static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;

  struct Block {
    char* data = nullptr;
    std::size_t bytes = 0;
  };

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // A block of at least `bytes`; never fails (memory exhaustion ends the process,
  // memory_max is what prevents it).
  Block lend(std::size_t bytes);
  void give_back(Block block);

  // What is out: the sum of the blocks' sizes.
  std::size_t lent_bytes() const { return lent_bytes_; }
  std::size_t kept_bytes() const { return kept_bytes_; }

  // Frees everything that is kept.
  void trim();

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t classes = 24;  // 256 B .. 2 GiB.
  static std::size_t class_of(std::size_t bytes);

  std::array<Free*, classes> free_{};
  std::size_t lent_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
};

}  // namespace ringway::net
