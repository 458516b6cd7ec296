// Growth: double, so that a long value costs a bounded number of copies. A buffer
// that is mostly gone at its front slides instead, and keeps its block.
#include "net/buffer.h"

#include <algorithm>

namespace ringway::net {

void Buffer::grow(BufferPool& pool, std::size_t count) {
  const std::size_t used = size();
  const std::size_t wanted = used + count;
  // Half of the block is already gone at the front: slide instead of growing.
  if (wanted <= capacity_ / 2) {
    std::memmove(data_, data_ + begin_, used);
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(used);
    return;
  }
  const std::size_t doubled = std::size_t{capacity_} * 2;
  const BufferPool::Block block = pool.lend(std::max(wanted, doubled));
  RINGWAY_ASSERT(block.bytes <= UINT32_MAX);
  if (data_) {
    std::memcpy(block.data, data_ + begin_, used);
    pool.give_back({data_, capacity_});
  }
  data_ = block.data;
  capacity_ = static_cast<std::uint32_t>(block.bytes);
  begin_ = 0;
  end_ = static_cast<std::uint32_t>(used);
}

}  // namespace ringway::net
