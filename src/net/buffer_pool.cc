// Size classes are powers of two: a block is found by the width of its size. A freed
// block holds the link to the next one in its own first bytes.
#include "net/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <malloc.h>
#include <utility>

namespace ringway::net {

BufferPool::~BufferPool() {
  RINGWAY_ASSERT(lent_bytes_ == 0);
  trim();
}

std::size_t BufferPool::class_of(std::size_t bytes) {
  if (bytes <= block_bytes_min) return 0;
  return static_cast<std::size_t>(std::bit_width(bytes - 1)) -
         static_cast<std::size_t>(std::bit_width(block_bytes_min - 1));
}

BufferPool::Block BufferPool::lend(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  RINGWAY_ASSERT(index < classes);
  const std::size_t size = block_bytes_min << index;
  lent_bytes_ += size;
  if (shelves_[index].first) return {static_cast<char*>(take(shelves_[index], size)), size};
  char* data = static_cast<char*>(std::malloc(size));
  RINGWAY_ASSERT(data != nullptr);
  return {data, size};
}

void BufferPool::give_back(Block block) {
  RINGWAY_ASSERT(block.data != nullptr && lent_bytes_ >= block.bytes);
  lent_bytes_ -= block.bytes;
  if (kept_bytes_ + block.bytes > kept_bytes_max) return std::free(block.data);
  Shelf& shelf = shelves_[class_of(block.bytes)];
  Free* free_block = reinterpret_cast<Free*>(block.data);
  free_block->next = std::exchange(shelf.first, free_block);
  ++shelf.count;
  kept_bytes_ += block.bytes;
}

void* BufferPool::take(Shelf& shelf, std::size_t bytes) {
  RINGWAY_ASSERT(shelf.count > 0 && kept_bytes_ >= bytes);
  Free* block = shelf.first;
  shelf.first = block->next;
  --shelf.count;
  shelf.unused = std::min(shelf.unused, shelf.count);
  kept_bytes_ -= bytes;
  return block;
}

bool BufferPool::sweep() {
  const std::size_t before = kept_bytes_;
  for (std::size_t index = classes; index-- > 0;) {
    Shelf& shelf = shelves_[index];
    for (std::uint32_t left = shelf.unused; left > 0 && worth_sweeping(); --left) {
      std::free(take(shelf, block_bytes_min << index));
    }
    shelf.unused = shelf.count;
  }
  const bool much = before - kept_bytes_ >= unswept_bytes_max;
  // What was freed lies between smaller things still in use, where the allocator keeps it.
  if (much) ::malloc_trim(0);
  return much;
}

void BufferPool::trim() {
  for (std::size_t index = 0; index < classes; ++index) {
    Shelf& shelf = shelves_[index];
    while (shelf.first) std::free(take(shelf, block_bytes_min << index));
  }
  RINGWAY_ASSERT(kept_bytes_ == 0);
}

}  // namespace ringway::net
