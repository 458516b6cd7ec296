// An intrusive doubly linked list: membership costs two pointers in the object,
// joining and leaving cost nothing. An object is in at most one list per link.
#pragma once

#include <cstdint>

#include "ringway/base/assert.h"

namespace ringway::net {

struct Link {
  Link* prev = nullptr;
  Link* next = nullptr;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { RINGWAY_ASSERT(!linked()); }

  bool linked() const { return next != nullptr; }

  void leave() {
    if (!linked()) return;
    prev->next = next;
    next->prev = prev;
    prev = next = nullptr;
  }
};

// `member` is the Link inside T; T stays where it is while linked.
template <typename T, Link T::*member>
class List {
 public:
  List() { head_.prev = head_.next = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    RINGWAY_ASSERT(empty() && "destroyed with members");
    head_.prev = head_.next = nullptr;
  }

  bool empty() const { return head_.next == &head_; }
  T* front() const { return empty() ? nullptr : owner(head_.next); }

  void push_back(T& value) {
    Link& link = value.*member;
    RINGWAY_ASSERT(!link.linked());
    link.prev = head_.prev;
    link.next = &head_;
    head_.prev->next = &link;
    head_.prev = &link;
  }

  T* pop_front() {
    T* value = front();
    if (value) (value->*member).leave();
    return value;
  }

 private:
  static T* owner(Link* link) {
    const auto offset = reinterpret_cast<std::uintptr_t>(&(static_cast<T*>(nullptr)->*member));
    return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(link) - offset);
  }

  Link head_;
};

}  // namespace ringway::net
