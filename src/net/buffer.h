// A run of bytes that grows at its end and shrinks at its front, in memory lent
// by a BufferPool. Empty buffers hold no memory: whoever empties one gives it back.
//
//   data_     begin_           end_       capacity_
//     |  gone   |     bytes()    |   room    |        0 <= begin_ <= end_ <= capacity_
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "ringway/base/assert.h"
#include "ringway/base/bytes.h"

#include "net/buffer_pool.h"

namespace ringway::net {

class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { RINGWAY_ASSERT(data_ == nullptr && "destroyed before its memory went back"); }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  // What it holds of the pool.
  std::size_t lent() const { return capacity_; }
  std::size_t room() const { return capacity_ - end_; }
  Bytes bytes() const { return {data_ + begin_, size()}; }
  Bytes bytes(std::size_t offset, std::size_t count) const { return bytes().substr(offset, count); }

  // Makes room for `count` more bytes and returns where they go; see advance().
  char* reserve(BufferPool& pool, std::size_t count) {
    if (room() < count) grow(pool, count);
    return data_ + end_;
  }

  void advance(std::size_t count) {
    RINGWAY_ASSERT(count <= room());
    end_ += static_cast<std::uint32_t>(count);
  }

  void append(BufferPool& pool, Bytes bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(pool, bytes.size()), bytes.data(), bytes.size());
    advance(bytes.size());
  }

  void drop_front(BufferPool& pool, std::size_t count) {
    RINGWAY_ASSERT(count <= size());
    begin_ += static_cast<std::uint32_t>(count);
    if (empty()) clear(pool);
  }

  void truncate(BufferPool& pool, std::size_t count) {
    RINGWAY_ASSERT(count <= size());
    end_ = begin_ + static_cast<std::uint32_t>(count);
    if (empty()) clear(pool);
  }

  struct Part {
    std::size_t offset;
    std::size_t count;
  };
  // Takes these parts out, sorted by their offsets; what is behind them moves up.
  void erase(BufferPool& pool, std::span<const Part> parts);

  void clear(BufferPool& pool) {
    if (data_) pool.give_back({data_, capacity_});
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }

  void swap(Buffer& other) {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void grow(BufferPool& pool, std::size_t count);
  void slide();
  void grow_in_place(BufferPool& pool, std::size_t wanted);
  void hold(BufferPool::Block block);

  char* data_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
};

}  // namespace ringway::net
