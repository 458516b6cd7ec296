// Slab<T>: objects of one kind made and freed at a pointer's price. Memory goes
// back to the system only with the slab: a worker's peak is its working set.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "ringway/base/assert.h"

namespace ringway::net {

template <typename T>
class Slab {
 public:
  Slab() = default;
  // What is in use counts there, in bytes.
  explicit Slab(std::uint64_t& bytes) : bytes_(&bytes) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() { RINGWAY_ASSERT(in_use_ == 0 && "destroyed with objects in use"); }

  // Without arguments as `T value;` makes it: what T leaves uninitialised holds anything.
  template <typename... Args>
  T& make(Args&&... args) {
    if (!free_) grow();
    Node* node = free_;
    free_ = node->next;
    ++in_use_;
    *bytes_ += sizeof(Node);
    if constexpr (sizeof...(args) == 0) {
      return *new (node->storage) T;
    } else {
      return *new (node->storage) T(std::forward<Args>(args)...);
    }
  }

  void free(T& value) {
    RINGWAY_ASSERT(in_use_ > 0);
    value.~T();
    Node* node = reinterpret_cast<Node*>(&value);
    node->next = free_;
    free_ = node;
    --in_use_;
    *bytes_ -= sizeof(Node);
  }

  std::size_t in_use() const { return in_use_; }

 private:
  static constexpr std::size_t chunk_nodes = 64;
  union Node {
    Node* next;
    alignas(T) unsigned char storage[sizeof(T)];
  };

  void grow() {
    chunks_.push_back(std::make_unique_for_overwrite<Node[]>(chunk_nodes));
    for (std::size_t i = chunk_nodes; i-- > 0;) {
      Node& node = chunks_.back()[i];
      node.next = free_;
      free_ = &node;
    }
  }

  std::vector<std::unique_ptr<Node[]>> chunks_;
  Node* free_ = nullptr;
  std::size_t in_use_ = 0;
  std::uint64_t own_bytes_ = 0;
  std::uint64_t* bytes_ = &own_bytes_;
};

}  // namespace ringway::net
