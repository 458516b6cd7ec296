// What a connection was asked and has not answered, in the order in which it was written: replies
// come in that order. A chain through Fragment::fifo_next; a fragment is in one FIFO at most.
#pragma once

#include <cstdint>
#include <utility>

#include "exchange/exchange.h"

namespace ringway::proxy {

class Fifo {
 public:
  Fifo() = default;
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  bool empty() const { return first_ == nullptr; }
  Fragment* first() const { return first_; }
  Fragment* last() const { return last_; }
  std::uint32_t count() const { return count_; }
  // How many ever joined it.
  std::uint64_t joined() const { return joined_; }

  void join(Fragment& fragment) {
    RINGWAY_ASSERT(!fragment.fifo_next && last_ != &fragment && "in no FIFO yet");
    (last_ ? last_->fifo_next : first_) = &fragment;
    last_ = &fragment;
    ++count_;
    ++joined_;
  }

  // Takes out the fragment behind `before`, the head if that is null.
  Fragment& leave(Fragment* before) {
    Fragment* const gone = before ? before->fifo_next : first_;
    RINGWAY_ASSERT(gone && count_ > 0 && "only who is in a FIFO leaves it");
    (before ? before->fifo_next : first_) = std::exchange(gone->fifo_next, nullptr);
    if (last_ == gone) last_ = before;
    --count_;
    return *gone;
  }

  void check_invariants() const {
    std::uint32_t count = 0;
    const Fragment* last = nullptr;
    for (const Fragment* one = first_; one; one = one->fifo_next) {
      RINGWAY_ASSERT((!last || last->request_end <= one->request_end - one->request_bytes) &&
                     "requests stand behind each other");
      last = one;
      ++count;
    }
    RINGWAY_ASSERT(count == count_ && last == last_);
  }

 private:
  Fragment* first_ = nullptr;
  Fragment* last_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace ringway::proxy
