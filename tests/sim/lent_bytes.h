// The receive buffers of a SimIo: bytes lent until the next wait(). When they are
// taken back they are overwritten (and forbidden under ASan), and the two arenas
// alternate, so that whoever keeps a lease reads rubbish at once, not by luck.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "ringway/base/bytes.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace ringway::sim {

class LentBytes {
 public:
  LentBytes() = default;
  LentBytes(const LentBytes&) = delete;
  LentBytes& operator=(const LentBytes&) = delete;
  ~LentBytes() {
    for (Arena& arena : arenas_) ASAN_UNPOISON_MEMORY_REGION(arena.bytes.get(), arena.size);
    for (const auto& old : outgrown_) ASAN_UNPOISON_MEMORY_REGION(old.bytes.get(), old.size);
  }

  Bytes lend(Bytes bytes) {
    Arena& arena = arenas_[turn_];
    if (arena.used + bytes.size() + gap > arena.size) grow(arena, bytes.size() + gap);
    char* out = arena.bytes.get() + arena.used;
    ASAN_UNPOISON_MEMORY_REGION(out, bytes.size());
    std::memcpy(out, bytes.data(), bytes.size());
    arena.used += (bytes.size() + gap + 7) & ~std::size_t{7};
    return {out, bytes.size()};
  }

  void take_back() {
    for (Arena& old : outgrown_) spoil(old);
    while (outgrown_.size() > 4) {
      ASAN_UNPOISON_MEMORY_REGION(outgrown_.front().bytes.get(), outgrown_.front().size);
      outgrown_.erase(outgrown_.begin());
    }
    spoil(arenas_[turn_]);
    turn_ ^= 1;
  }

 private:
  static constexpr std::size_t gap = 16;
  struct Arena {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::size_t used = 0;
  };

  // Filled with line ends of no protocol: a parser that reads them fails early. Once is enough:
  // nobody writes there until it is lent again.
  static void spoil(Arena& arena) {
    if (arena.used == 0) return;
    ASAN_UNPOISON_MEMORY_REGION(arena.bytes.get(), arena.size);
    std::memset(arena.bytes.get(), 0xdb, std::min(arena.used, arena.size));
    arena.used = 0;
    ASAN_POISON_MEMORY_REGION(arena.bytes.get(), arena.size);
  }

  void grow(Arena& arena, std::size_t more) {
    const std::size_t size = std::max<std::size_t>(2 * arena.size, 64 * 1024) + more;
    if (arena.used > 0)
      outgrown_.push_back(std::move(arena));
    else if (arena.bytes)
      ASAN_UNPOISON_MEMORY_REGION(arena.bytes.get(), arena.size);
    arena = {std::make_unique_for_overwrite<char[]>(size), size, 0};
    ASAN_POISON_MEMORY_REGION(arena.bytes.get(), size);
  }

  Arena arenas_[2];
  std::vector<Arena> outgrown_;
  unsigned turn_ = 0;
};

}  // namespace ringway::sim
