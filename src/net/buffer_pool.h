// Memory for bytes on their way: blocks in powers of two, large ones in quarters of
// them, lent and returned within one worker. Freed blocks are kept for reuse up to a limit, so
// steady traffic allocates nothing; sweep() frees what is not reused, so an idle worker holds next
// to nothing.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ringway/base/assert.h"

namespace ringway::net {

class BufferPool {
 public:
  static constexpr std::size_t block_bytes_min = 256;
  // Above it a block is at most a quarter larger than what was asked for.
  static constexpr std::size_t large_bytes = std::size_t{64} << 10;
  static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;
  // What sweep() leaves alone: less than a wake-up a second is worth.
  static constexpr std::size_t unswept_bytes_max = std::size_t{256} << 10;

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
  // A block of at least `bytes` with the same content, larger ones without a copy where the
  // system can move their pages.
  Block grow(Block block, std::size_t bytes);

  // What is out: the sum of the blocks' sizes.
  std::size_t lent_bytes() const { return lent_bytes_; }
  std::size_t kept_bytes() const { return kept_bytes_; }

  // Less than kept_bytes_max where memory is limited.
  void keep_at_most(std::size_t bytes);

  // Frees everything that is kept.
  void trim();

  bool worth_sweeping() const { return kept_bytes_ > unswept_bytes_max; }
  // Frees the kept blocks that nobody has needed since the last sweep, large ones first.
  // True if it was much: a busy time is over.
  bool sweep();

 private:
  struct Free {
    Free* next;
  };
  struct Shelf {
    Free* first = nullptr;
    std::uint32_t count = 0;
    std::uint32_t unused = 0;  // The fewest there were since the last sweep.
  };
  static constexpr std::size_t small_classes = 9;                 // 256 B .. 64 KiB.
  static constexpr std::size_t classes = small_classes + 15 * 4;  // .. 2 GiB.
  static std::size_t class_of(std::size_t bytes) {
    if (bytes > large_bytes) return large_class_of(bytes);
    constexpr int least = std::bit_width(block_bytes_min - 1);
    return static_cast<std::size_t>(std::bit_width((bytes - 1) | (block_bytes_min - 1)) - least);
  }
  static std::size_t bytes_of(std::size_t index) {
    return index < small_classes ? block_bytes_min << index : large_bytes_of(index);
  }
  static std::size_t large_class_of(std::size_t bytes);
  static std::size_t large_bytes_of(std::size_t index);
  void* take(Shelf& shelf, std::size_t bytes);

  std::array<Shelf, classes> shelves_{};
  std::size_t lent_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
  std::size_t keeps_bytes_ = kept_bytes_max;
};

}  // namespace ringway::net
