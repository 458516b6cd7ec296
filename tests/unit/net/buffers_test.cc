// Buffers, their pool, the table of connections, the slab and the list.
#include <bit>
#include <doctest/doctest.h>
#include <random>
#include <string>

#include "net/list.h"
#include "net/output_buffer.h"
#include "net/slab.h"
#include "net/table.h"

using namespace ringway;
using namespace ringway::net;

TEST_CASE("a buffer keeps order through any mix of appends and drops") {
  std::mt19937 random(3);
  BufferPool pool;
  Buffer buffer;
  std::string model;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece(random() % 700, static_cast<char>('a' + random() % 26));
    buffer.append(pool, piece);
    model += piece;
    const std::size_t drop = random() % (model.size() + 1);
    buffer.drop_front(pool, drop);
    model.erase(0, drop);
    REQUIRE(buffer.bytes() == model);
  }
  buffer.clear(pool);
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("an empty buffer holds no memory") {
  BufferPool pool;
  Buffer buffer;
  buffer.append(pool, "abc");
  CHECK(pool.lent_bytes() == 256);
  buffer.drop_front(pool, 3);
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("a block is as large as asked for, and above 64 KiB at most a quarter larger") {
  BufferPool pool;
  std::size_t before = 0;
  for (std::size_t bytes = 1; bytes < (std::size_t{16} << 20); bytes += 1 + bytes / 7) {
    for (const std::size_t asked : {bytes, std::bit_ceil(bytes), std::bit_ceil(bytes) + 1}) {
      const auto block = pool.lend(asked);
      REQUIRE(block.bytes >= asked);
      if (asked > BufferPool::large_bytes) REQUIRE(block.bytes <= asked + asked / 4);
      if (asked > 256) REQUIRE(block.bytes < 2 * asked);
      pool.give_back(block);
      const auto again = pool.lend(block.bytes);
      CHECK(again.bytes == block.bytes);
      pool.give_back(again);
    }
    const auto block = pool.lend(bytes);
    REQUIRE(block.bytes >= before);
    before = block.bytes;
    pool.give_back(block);
  }
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("a large buffer that grows byte by byte holds little more than what is in it") {
  BufferPool pool;
  Buffer buffer;
  const std::string piece(10'000, 'x');
  while (buffer.size() < (8u << 20)) {
    buffer.append(pool, piece);
    if (buffer.size() < (1u << 20)) continue;
    REQUIRE(pool.lent_bytes() == buffer.lent());
    REQUIRE(buffer.lent() < buffer.size() * 3 / 2);
  }
  buffer.clear(pool);
}

TEST_CASE("what is held for a reader counts until its block goes back") {
  BufferPool pool;
  OutputBuffer output;
  output.append(pool, std::string(OutputBuffer::send_bytes_max + 1, 'x'));
  output.begin_send(pool);
  output.append(pool, "more");
  output.sent(pool);
  CHECK(output.size() == 1 + 4);
  CHECK(output.held() > OutputBuffer::send_bytes_max);
  output.begin_send(pool);
  output.sent(pool);
  CHECK(output.held() == 4);
  output.clear(pool);
}

TEST_CASE("the pool keeps blocks for reuse up to its limit") {
  BufferPool pool;
  const auto small = pool.lend(100);
  pool.give_back(small);
  CHECK(pool.lend(200).data == small.data);
  pool.give_back(small);
  pool.give_back(pool.lend(BufferPool::kept_bytes_max * 2));
  CHECK(pool.kept_bytes() == 256);
}

TEST_CASE("a sweep frees what was not needed since the last one, unless it is little") {
  constexpr std::size_t large = 1 << 20;
  constexpr std::size_t little = BufferPool::unswept_bytes_max;
  BufferPool pool;
  for (const auto block : {pool.lend(large), pool.lend(large), pool.lend(little)}) {
    pool.give_back(block);
  }
  CHECK(!pool.sweep());
  CHECK(pool.kept_bytes() == 2 * large + little);
  pool.give_back(pool.lend(large));
  CHECK(pool.sweep());
  CHECK(pool.kept_bytes() == large);
  pool.give_back(pool.lend(little));
  CHECK(pool.sweep());
  CHECK(pool.kept_bytes() == little);
  CHECK(!pool.worth_sweeping());
  CHECK(!pool.sweep());
  CHECK(pool.kept_bytes() == little);
}

TEST_CASE("an output that is written in place begins with room for as much as its last send took") {
  BufferPool pool;
  OutputBuffer output;
  const auto write = [&](std::size_t bytes) {
    std::memset(output.reserve(pool, bytes), 'x', bytes);
    output.advance(bytes);
  };
  const auto send = [&] {
    output.begin_send(pool);
    output.sent(pool);
  };
  write(5000);
  send();
  write(1);
  CHECK(output.room() >= 5000 - 1);
  send();
  write(1);
  CHECK(output.room() < 5000);
  write(OutputBuffer::ahead_bytes_max * 3);
  send();
  CHECK(pool.lent_bytes() == 0);
  write(1);
  CHECK(pool.lent_bytes() == OutputBuffer::ahead_bytes_max);
  send();
}

TEST_CASE("what is uncommitted is never sent and can be taken back") {
  BufferPool pool;
  OutputBuffer output;
  output.append(pool, "done");
  output.append_uncommitted(pool, "half");
  CHECK(output.begin_send(pool) == "done");
  output.append_uncommitted(pool, "more");
  CHECK(!output.ready());
  output.take_back(pool);
  output.append(pool, "next");
  CHECK(output.sent(pool) == 4);
  CHECK(output.begin_send(pool) == "next");
  output.sent(pool);
  CHECK(output.empty());
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE(
    "what nobody waits for leaves an output from where it is, but for what is in the kernel") {
  BufferPool pool;
  OutputBuffer output;
  output.append(pool, std::string(OutputBuffer::send_bytes_max, 'k') + "one two ");
  output.begin_send(pool);
  for (const char* word : {"three ", "four ", "five "}) output.append(pool, word);
  // As of what is unsent: "one two three four five ".
  std::vector<Buffer::Part> parts{{0, 4}, {8, 6}, {19, 5}};
  output.erase(pool, parts);
  CHECK(output.sent(pool) == OutputBuffer::send_bytes_max);
  CHECK(output.begin_send(pool) == "two ");
  output.sent(pool);
  CHECK(output.begin_send(pool) == "four ");
  output.sent(pool);
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("an output of which everything is taken holds nothing") {
  BufferPool pool;
  OutputBuffer output;
  for (const char* word : {"one ", "two "}) output.append(pool, word);
  std::vector<Buffer::Part> parts{{0, 4}, {4, 4}};
  output.erase(pool, parts);
  CHECK(output.empty());
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("committing makes what had arrived sendable") {
  BufferPool pool;
  OutputBuffer output;
  output.append_uncommitted(pool, "half");
  output.append_uncommitted(pool, "whole");
  output.commit();
  CHECK(output.begin_send(pool) == "halfwhole");
  output.sent(pool);
}

namespace {
struct Thing {
  explicit Thing(Handle own, int number = 0) : handle(own), value(number) {}
  Handle handle;
  int value;
  Link link;
};
}  // namespace

TEST_CASE("a handle names its entry until it is released, and nothing afterwards") {
  Table<Thing> table;
  Thing& thing = table.open(7);
  const Handle handle = thing.handle;
  CHECK(table.find(handle) == &thing);
  table.release(thing);
  CHECK(table.find(handle) == nullptr);
  Thing& other = table.open(8);
  CHECK(other.handle.index == handle.index);
  CHECK(table.find(handle) == nullptr);
  table.release(other);
}

TEST_CASE("a table's entries stay where they are while it grows") {
  Table<Thing> table;
  Thing& first = table.open(1);
  for (int i = 0; i < 1000; ++i) table.open(i);
  CHECK(table.find(first.handle) == &first);
  CHECK(table.size() == 1001);
  table.each([&](Thing& thing) { table.release(thing); });
  CHECK(table.size() == 0);
}

TEST_CASE("a list gives back its members in order and lets any of them leave") {
  Thing a({}, 1), b({}, 2), c({}, 3);
  List<Thing, &Thing::link> list;
  list.push_back(a);
  list.push_back(b);
  list.push_back(c);
  b.link.leave();
  CHECK(list.pop_front() == &a);
  CHECK(list.pop_front() == &c);
  CHECK(list.pop_front() == nullptr);
}

TEST_CASE("a slab reuses what was freed") {
  Slab<std::string> slab;
  std::string& one = slab.make("one");
  slab.free(one);
  std::string& two = slab.make("two");
  CHECK(&one == &two);
  CHECK(slab.in_use() == 1);
  slab.free(two);
}
