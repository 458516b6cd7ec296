// Table<T>: connections by index and generation, at stable addresses. A handle
// that outlives its connection names nothing: find() sees the generation. Slots
// are reused, so memory stays at the high-water mark of T alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "ringway/base/assert.h"

namespace ringway::net {

struct Handle {
  std::uint32_t index = 0;
  std::uint16_t generation = 0;  // 0 names nothing.

  bool operator==(const Handle&) const = default;
};

template <typename T>
class Table {
 public:
  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() { RINGWAY_ASSERT(size_ == 0 && "destroyed with open entries"); }

  // T is made from (Handle, args...).
  template <typename... Args>
  T& open(Args&&... args) {
    if (free_ == none) grow();
    const std::uint32_t index = free_;
    Slot& slot = at(index);
    free_ = slot.next_free;
    slot.next_free = in_use;
    if (++slot.generation == 0) slot.generation = 1;
    ++size_;
    return *new (slot.storage) T(Handle{index, slot.generation}, std::forward<Args>(args)...);
  }

  T* find(Handle handle) {
    if (handle.index >= capacity()) return nullptr;
    Slot& slot = at(handle.index);
    if (slot.next_free != in_use || slot.generation != handle.generation) return nullptr;
    return slot.value();
  }

  void release(T& value) {
    Slot& slot = at(value.handle.index);
    RINGWAY_ASSERT(slot.next_free == in_use && slot.value() == &value);
    const std::uint32_t index = value.handle.index;
    value.~T();
    slot.next_free = free_;
    free_ = index;
    --size_;
  }

  std::uint32_t size() const { return size_; }

  // Calls visit(T&) for each open entry; the visit may release that entry.
  template <typename Visit>
  void each(Visit&& visit) {
    for (std::uint32_t i = 0; i < capacity(); ++i) {
      if (at(i).next_free == in_use) visit(*at(i).value());
    }
  }

 private:
  static constexpr std::uint32_t chunk_slots = 64;
  static constexpr std::uint32_t none = ~0u;
  static constexpr std::uint32_t in_use = ~0u - 1;

  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t next_free = none;
    std::uint16_t generation = 0;

    T* value() { return std::launder(reinterpret_cast<T*>(storage)); }
  };
  using Chunk = std::array<Slot, chunk_slots>;

  std::uint32_t capacity() const {
    return static_cast<std::uint32_t>(chunks_.size()) * chunk_slots;
  }
  Slot& at(std::uint32_t index) { return (*chunks_[index / chunk_slots])[index % chunk_slots]; }

  void grow() {
    const std::uint32_t first = capacity();
    chunks_.push_back(std::make_unique<Chunk>());
    for (std::uint32_t i = chunk_slots; i-- > 0;) {
      at(first + i).next_free = free_;
      free_ = first + i;
    }
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::uint32_t free_ = none;
  std::uint32_t size_ = 0;
};

}  // namespace ringway::net
