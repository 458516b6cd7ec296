// Size classes are powers of two and, where they are large, their quarters: a block is
// found by the width of its size and the two bits behind the first. A freed block holds
// the link to the next one in its own first bytes.
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

std::size_t BufferPool::large_class_of(std::size_t bytes) {
  constexpr int least = std::bit_width(large_bytes - 1);
  const auto above = static_cast<std::size_t>(std::bit_width(bytes - 1) - least - 1);
  const std::size_t quarter = ((bytes - 1) >> (least + above - 2)) & 3;
  const std::size_t index = small_classes + 4 * above + quarter;
  RINGWAY_ASSERT(index < classes);
  return index;
}

std::size_t BufferPool::large_bytes_of(std::size_t index) {
  const std::size_t above = index - small_classes;
  return (large_bytes << (above / 4)) / 4 * (5 + above % 4);
}

BufferPool::Block BufferPool::lend(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  const std::size_t size = bytes_of(index);
  lent_bytes_ += size;
  if (shelves_[index].first) return {static_cast<char*>(take(shelves_[index], size)), size};
  char* data = static_cast<char*>(std::malloc(size));
  RINGWAY_ASSERT(data != nullptr);
  return {data, size};
}

void BufferPool::give_back(Block block) {
  RINGWAY_ASSERT(block.data != nullptr && lent_bytes_ >= block.bytes);
  lent_bytes_ -= block.bytes;
  if (kept_bytes_ + block.bytes > keeps_bytes_) return std::free(block.data);
  Shelf& shelf = shelves_[class_of(block.bytes)];
  Free* free_block = reinterpret_cast<Free*>(block.data);
  free_block->next = std::exchange(shelf.first, free_block);
  ++shelf.count;
  kept_bytes_ += block.bytes;
}

BufferPool::Block BufferPool::grow(Block block, std::size_t bytes) {
  const std::size_t size = bytes_of(class_of(bytes));
  RINGWAY_ASSERT(size > block.bytes && lent_bytes_ >= block.bytes);
  lent_bytes_ += size - block.bytes;
  char* data = static_cast<char*>(std::realloc(block.data, size));
  RINGWAY_ASSERT(data != nullptr);
  return {data, size};
}

void BufferPool::keep_at_most(std::size_t bytes) {
  keeps_bytes_ = std::min(bytes, kept_bytes_max);
  if (kept_bytes_ > keeps_bytes_) trim();
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
      std::free(take(shelf, bytes_of(index)));
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
    while (shelf.first) std::free(take(shelf, bytes_of(index)));
  }
  RINGWAY_ASSERT(kept_bytes_ == 0);
}

}  // namespace ringway::net
