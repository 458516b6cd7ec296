// What a connection has to say: one buffer on its way to the kernel, one that
// collects meanwhile. The end of the collecting one may be uncommitted: bytes of
// a value that is still arriving, which may yet have to be taken back.
//
//   sending  [ in the kernel's hands | next ]
//   filling  [ committed | uncommitted ]      committed_ <= filling_.size()
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "net/buffer.h"

namespace ringway::net {

class OutputBuffer {
 public:
  // One send takes at most so much: a slow reader's progress shows in pieces, so that whoever
  // takes 5 KB/s is not thought to have stalled for 30 seconds.
  static constexpr std::size_t send_bytes_max = std::size_t{128} << 10;

  // Room is made ahead for no more than this.
  static constexpr std::size_t ahead_bytes_max = std::size_t{16} << 10;

  bool sending() const { return in_kernel_ > 0; }
  // True if a send could be begun.
  bool ready() const { return !sending() && (!sending_.empty() || committed_ > 0); }
  bool empty() const { return sending_.empty() && filling_.empty(); }
  std::size_t size() const { return sending_.size() + filling_.size(); }
  // The same in memory: what was sent is held until all of its block was.
  std::size_t held() const { return sending_.lent() + filling_.size(); }
  // Not handed to the kernel yet.
  std::size_t unsent() const { return size() - in_kernel_; }
  // A part of it that one append() made.
  Bytes unsent(std::size_t offset, std::size_t count) const {
    const std::size_t begun = sending_.size() - in_kernel_;
    if (offset >= begun) return filling_.bytes(offset - begun, count);
    RINGWAY_ASSERT(offset + count <= begun);
    return sending_.bytes(in_kernel_ + offset, count);
  }
  // What can be appended without growing.
  std::size_t room() const { return filling_.room(); }
  std::size_t uncommitted() const { return filling_.size() - committed_; }

  // Takes parts out of what was not handed over yet: sorted, with offsets as of unsent(), each
  // made by one append(). Their offsets are used up.
  void erase(BufferPool& pool, std::span<Buffer::Part> parts) {
    RINGWAY_ASSERT(uncommitted() == 0);
    const std::size_t begun = sending_.size() - in_kernel_;
    std::size_t in_sending = 0;
    for (Buffer::Part& part : parts) {
      const bool begun_already = part.offset < begun;
      in_sending += begun_already ? 1 : 0;
      part.offset = begun_already ? part.offset + in_kernel_ : part.offset - begun;
    }
    sending_.erase(pool, parts.first(in_sending));
    filling_.erase(pool, parts.subspan(in_sending));
    committed_ = filling_.size();
  }

  // Appends and commits at once. Nothing may be uncommitted.
  void append(BufferPool& pool, Bytes bytes) {
    RINGWAY_ASSERT(uncommitted() == 0);
    filling_.append(pool, bytes);
    committed_ = filling_.size();
  }

  // The same in two steps, for who writes many in place: room is made for as much as the last
  // send took, for growing copies.
  char* reserve(BufferPool& pool, std::size_t count) {
    RINGWAY_ASSERT(uncommitted() == 0);
    const bool begins = filling_.lent() == 0;
    return filling_.reserve(pool, begins ? std::max(count, last_bytes_) : count);
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
    if (sending_.empty()) swap_committed(pool);
    in_kernel_ = std::min(sending_.size(), send_bytes_max);
    last_bytes_ = std::min(in_kernel_, ahead_bytes_max);
    return sending_.bytes(0, in_kernel_);
  }

  // The send came back; returns how many bytes it had.
  std::size_t sent(BufferPool& pool) {
    RINGWAY_ASSERT(sending());
    sending_.drop_front(pool, in_kernel_);
    return std::exchange(in_kernel_, 0);
  }

  // Forgets everything. Not while sending.
  void clear(BufferPool& pool) {
    RINGWAY_ASSERT(!sending());
    sending_.clear(pool);
    filling_.clear(pool);
    committed_ = 0;
  }

 private:
  void swap_committed(BufferPool& pool) {
    const std::size_t count = committed_;
    sending_.swap(filling_);
    if (count < sending_.size()) {
      filling_.append(pool, sending_.bytes().substr(count));
      sending_.truncate(pool, count);
    }
    committed_ = 0;
  }

  Buffer sending_;
  Buffer filling_;
  std::size_t committed_ = 0;
  std::size_t last_bytes_ = 0;
  std::size_t in_kernel_ = 0;  // Of sending_'s front; 0: no send is in flight.
};

}  // namespace ringway::net
