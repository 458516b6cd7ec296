// What a connection has to say: one buffer on its way to the kernel, one that
// collects meanwhile. The end of the collecting one may be uncommitted: bytes of
// a value that is still arriving, which may yet have to be taken back.
//
//   sending  [ in the kernel's hands ]
//   filling  [ committed | uncommitted ]      committed_ <= filling_.size()
#pragma once

#include <cstdint>

#include "net/buffer.h"

namespace ringway::net {

class OutputBuffer {
 public:
  bool sending() const { return sending_now_; }
  // True if a send could be begun.
  bool ready() const { return !sending_now_ && committed_ > 0; }
  bool empty() const { return !sending_now_ && filling_.empty(); }
  std::size_t size() const { return sending_.size() + filling_.size(); }
  std::size_t uncommitted() const { return filling_.size() - committed_; }

  // Appends and commits at once. Nothing may be uncommitted.
  void append(BufferPool& pool, Bytes bytes) {
    RINGWAY_ASSERT(uncommitted() == 0);
    filling_.append(pool, bytes);
    committed_ = filling_.size();
  }

  // The same in two steps, for who writes in place.
  char* reserve(BufferPool& pool, std::size_t count) {
    RINGWAY_ASSERT(uncommitted() == 0);
    return filling_.reserve(pool, count);
  }
  void advance(std::size_t count) {
    filling_.advance(count);
    committed_ = filling_.size();
  }

  void append_uncommitted(BufferPool& pool, Bytes bytes) { filling_.append(pool, bytes); }
  void reserve_uncommitted(BufferPool& pool, std::size_t count) { filling_.reserve(pool, count); }
  void commit() { committed_ = filling_.size(); }
  void take_back(BufferPool& pool) { filling_.truncate(pool, committed_); }

  // Hands over what is committed; it stays unchanged until sent().
  Bytes begin_send(BufferPool& pool) {
    RINGWAY_ASSERT(ready());
    const std::size_t sent = committed_;
    sending_.swap(filling_);
    if (sent < sending_.size()) {
      filling_.append(pool, sending_.bytes().substr(sent));
      sending_.truncate(pool, sent);
    }
    committed_ = 0;
    sending_now_ = true;
    return sending_.bytes();
  }

  // The send came back; returns how many bytes it had.
  std::size_t sent(BufferPool& pool) {
    RINGWAY_ASSERT(sending_now_);
    const std::size_t count = sending_.size();
    sending_now_ = false;
    sending_.clear(pool);
    return count;
  }

  // Forgets everything. Not while sending.
  void clear(BufferPool& pool) {
    RINGWAY_ASSERT(!sending_now_);
    sending_.clear(pool);
    filling_.clear(pool);
    committed_ = 0;
  }

 private:
  Buffer sending_;
  Buffer filling_;
  std::size_t committed_ = 0;
  bool sending_now_ = false;
};

}  // namespace ringway::net
