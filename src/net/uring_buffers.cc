// See uring_buffers.h. liburing 2.3 registers a buffer ring but does not set its
// memory up; that is done by hand here.
#include "net/uring_buffers.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <sys/mman.h>

#include "ringway/base/assert.h"

namespace ringway::net {
namespace {

void* map(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // A huge page would make one small request cost 2 MiB.
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  return memory;
}

}  // namespace

int UringBuffers::open(io_uring* uring, std::uint16_t group, const BufferSettings& settings) {
  RINGWAY_ASSERT(std::has_single_bit(settings.count_max) && settings.count_max <= 32768);
  RINGWAY_ASSERT(memory_ == nullptr);
  settings_ = settings;
  group_ = group;
  entries_ = static_cast<io_uring_buf_ring*>(map(ring_bytes()));
  memory_ = static_cast<char*>(map(memory_bytes()));
  if (entries_ == nullptr || memory_ == nullptr) return ENOMEM;
  io_uring_buf_ring_init(entries_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_);
  registration.ring_entries = settings.count_max;
  registration.bgid = group;
  const int result = io_uring_register_buf_ring(uring, &registration, 0);
  if (result < 0) return -result;
  lent_.reserve(settings.count_max);
  grow();
  return 0;
}

UringBuffers::~UringBuffers() {
  if (entries_ != nullptr) ::munmap(entries_, ring_bytes());
  if (memory_ != nullptr) ::munmap(memory_, memory_bytes());
}

std::size_t UringBuffers::ring_bytes() const {
  return std::max<std::size_t>(settings_.count_max * sizeof(io_uring_buf), 4096);
}

std::size_t UringBuffers::memory_bytes() const {
  return std::size_t{settings_.count_max} * settings_.size_bytes;
}

void UringBuffers::provide(std::uint16_t id, int offset) {
  RINGWAY_ASSERT(id < settings_.count_max);
  io_uring_buf_ring_add(entries_, at(id), settings_.size_bytes, id,
                        io_uring_buf_ring_mask(settings_.count_max), offset);
}

Bytes UringBuffers::lend(std::uint16_t id, std::size_t bytes) {
  RINGWAY_ASSERT(id < provided_ && bytes <= settings_.size_bytes);
  lent_.push_back(id);
  return {at(id), bytes};
}

void UringBuffers::take_back() {
  RINGWAY_ASSERT(lent_.size() <= provided_);
  if (lent_.empty()) return;
  int offset = 0;
  for (const std::uint16_t id : lent_) provide(id, offset++);
  io_uring_buf_ring_advance(entries_, offset);
  lent_.clear();
}

void UringBuffers::trim() {
  RINGWAY_ASSERT(lent_.empty());
  ::madvise(memory_, memory_bytes(), MADV_DONTNEED);
}

std::uint32_t UringBuffers::grow() {
  RINGWAY_ASSERT(provided_ <= settings_.count_max);
  const std::uint32_t eighth = std::max(settings_.count_max / 8, 1U);
  const std::uint32_t count = std::min(eighth, settings_.count_max - provided_);
  for (std::uint32_t i = 0; i < count; ++i) {
    provide(static_cast<std::uint16_t>(provided_ + i), static_cast<int>(i));
  }
  io_uring_buf_ring_advance(entries_, static_cast<int>(count));
  provided_ += count;
  return count;
}

}  // namespace ringway::net
