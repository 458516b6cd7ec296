// A queue in one flat block that doubles when full: what a connection waits for.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace ringway::bench {

template <typename T>
class Fifo {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  T& front() { return (*this)[0]; }
  T& operator[](std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }

  void push(T item) {
    if (size() == slots_.size()) grow();
    slots_[tail_++ & (slots_.size() - 1)] = std::move(item);
  }

  void pop(std::size_t count = 1) {
    assert(count <= size());
    head_ += count;
  }

  void clear() { head_ = tail_; }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : slots_.size() * 2);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    head_ = 0;
    tail_ = count;
  }

  std::vector<T> slots_;  // A power of two of them, or none.
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace ringway::bench
