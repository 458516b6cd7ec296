// Growth: double, so that a long value costs a bounded number of copies. A large buffer
// grows in place and by a quarter, so that it holds little more than what is in it. One that
// is mostly gone at its front slides instead, and keeps its block.
#include "net/buffer.h"

#include <algorithm>

namespace ringway::net {

namespace {
constexpr std::size_t grows_in_place_from = 128 * 1024;
}  // namespace

void Buffer::grow(BufferPool& pool, std::size_t count) {
  if (!data_) return hold(pool.lend(count));
  const std::size_t now = capacity_;
  const std::size_t used = size();
  // Half of the block is already gone at the front: slide instead of growing.
  if (used + count <= now / 2) return slide();
  if (now >= grows_in_place_from) return grow_in_place(pool, used + count);
  const BufferPool::Block block = pool.lend(std::max(used + count, now * 2));
  std::memcpy(block.data, data_ + begin_, used);
  pool.give_back({data_, capacity_});
  hold(block);
  begin_ = 0;
  end_ = static_cast<std::uint32_t>(used);
}

void Buffer::erase(BufferPool& pool, std::span<const Part> parts) {
  if (parts.empty()) return;
  std::size_t front = 0;
  std::size_t at_front = 0;
  while (at_front < parts.size() && parts[at_front].offset == front)
    front += parts[at_front++].count;
  if (at_front == parts.size()) return drop_front(pool, front);
  char* const first = data_ + begin_;
  std::size_t to = parts[0].offset;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t from = parts[i].offset + parts[i].count;
    const std::size_t until = i + 1 < parts.size() ? parts[i + 1].offset : size();
    RINGWAY_ASSERT(to <= from && from <= until && until <= size());
    std::memmove(first + to, first + from, until - from);
    to += until - from;
  }
  truncate(pool, to);
}

void Buffer::hold(BufferPool::Block block) {
  RINGWAY_ASSERT(block.bytes <= UINT32_MAX);
  data_ = block.data;
  capacity_ = static_cast<std::uint32_t>(block.bytes);
}

void Buffer::slide() {
  std::memmove(data_, data_ + begin_, size());
  end_ -= begin_;
  begin_ = 0;
}

void Buffer::grow_in_place(BufferPool& pool, std::size_t wanted) {
  if (begin_ > 0) slide();
  if (wanted <= capacity_) return;
  const std::size_t quarter = capacity_ / 4;
  hold(pool.grow({data_, capacity_}, std::max(wanted, capacity_ + quarter)));
}

}  // namespace ringway::net
