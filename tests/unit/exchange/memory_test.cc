// The marks, what is taken off before them, and what counts towards them.
#include "exchange/memory.h"

#include <doctest/doctest.h>
#include <vector>

#include "net/slab.h"

namespace ringway::proxy {
namespace {

constexpr std::uint64_t mib = 1 << 20;

struct Bench {
  net::BufferPool buffers;
  Memory memory{buffers};
  std::vector<net::BufferPool::Block> lent;

  Bench() { memory.set_share(32 * mib); }  // 24 of them for bytes.
  ~Bench() {
    while (!lent.empty()) give_back();
  }
  void lend(std::uint64_t bytes) { lent.push_back(buffers.lend(bytes)); }
  void give_back() {
    buffers.give_back(lent.back());
    lent.pop_back();
  }
};

TEST_CASE("what the process needs is taken off first, and a quarter is left all the same") {
  CHECK(Memory::share(64 * mib, 1, 4 * mib) == 52 * mib);
  CHECK(Memory::share(64 * mib, 2, 4 * mib) == 24 * mib);
  CHECK(Memory::share(8 * mib, 1, 4 * mib) == 2 * mib);
  CHECK(Memory::share(1, 1, 0) == 0);
}

TEST_CASE("memory is short at 3/4, full at 7/8, over at all of it, and exhausted at 9/8") {
  Bench bench;
  const Memory& memory = bench.memory;
  for (const std::uint64_t n : {16, 1, 1}) bench.lend(n * mib);  // No larger as blocks.
  CHECK(!memory.is_short());
  bench.lend(256);
  CHECK(memory.is_short());
  CHECK(!memory.is_short(mib));
  CHECK(!memory.is_full());
  bench.lend(3 * mib);
  CHECK(memory.is_full());
  CHECK(!memory.is_over());
  CHECK(memory.is_over(3 * mib));
  bench.lend(3 * mib);
  CHECK(memory.is_over());
  CHECK(!memory.is_exhausted());
  bench.lend(3 * mib);
  CHECK(memory.is_exhausted());
}

TEST_CASE("a value has room if it fits whole beside what was promised") {
  Bench bench;
  bench.lend(8 * mib);
  CHECK(bench.memory.room() == 7 * mib);
  bench.memory.promise(4 * mib);
  CHECK(bench.memory.room() == 3 * mib);
  CHECK(bench.memory.room(mib) == 4 * mib);
  bench.memory.promise(8 * mib);
  CHECK(bench.memory.room() == 0);
  bench.memory.keep_promise(12 * mib);
  CHECK(bench.memory.room() == 7 * mib);
  CHECK(bench.memory.value_bytes_max() == 15 * mib);
}

TEST_CASE("clients count before they say anything") {
  Bench bench;
  bench.memory.set_clients(8192);
  CHECK(bench.memory.room() == 11 * mib);
}

TEST_CASE("objects have a part of their own") {
  Bench bench;
  struct Large {
    char bytes[mib];
  };
  net::Slab<Large> slab(bench.memory.objects_bytes());
  std::vector<Large*> made;
  const auto make = [&](int count) {
    while (count-- > 0) made.push_back(&slab.make());
  };
  make(6);
  CHECK(!bench.memory.is_short());
  make(1);
  CHECK(bench.memory.is_short());
  CHECK(!bench.memory.is_full());
  make(1);
  CHECK(bench.memory.is_full());
  for (Large* object : made) slab.free(*object);
  CHECK(!bench.memory.is_short());
}

TEST_CASE("without memory_max nothing is ever much") {
  Bench bench;
  bench.memory.set_unlimited();
  bench.lend(512 * mib);
  bench.memory.promise(std::uint64_t{1} << 50);
  CHECK(!bench.memory.is_short());
  CHECK(!bench.memory.is_over(std::uint64_t{1} << 50));
  CHECK(bench.memory.room() > mib);
}

}  // namespace
}  // namespace ringway::proxy
