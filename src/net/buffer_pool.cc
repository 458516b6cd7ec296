// Size classes are powers of two: a block is found by the width of its size. A freed
// block holds the link to the next one in its own first bytes.
#include "net/buffer_pool.h"

#include <bit>
#include <cstdlib>

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
  if (Free* block = free_[index]) {
    free_[index] = block->next;
    kept_bytes_ -= size;
    return {reinterpret_cast<char*>(block), size};
  }
  char* data = static_cast<char*>(std::malloc(size));
  RINGWAY_ASSERT(data != nullptr);
  return {data, size};
}

void BufferPool::give_back(Block block) {
  RINGWAY_ASSERT(block.data != nullptr && lent_bytes_ >= block.bytes);
  lent_bytes_ -= block.bytes;
  if (kept_bytes_ + block.bytes > kept_bytes_max) return std::free(block.data);
  Free* free_block = reinterpret_cast<Free*>(block.data);
  const std::size_t index = class_of(block.bytes);
  free_block->next = free_[index];
  free_[index] = free_block;
  kept_bytes_ += block.bytes;
}

void BufferPool::trim() {
  for (Free*& head : free_) {
    while (head) {
      Free* block = head;
      head = block->next;
      std::free(block);
    }
  }
  kept_bytes_ = 0;
}

}  // namespace ringway::net
