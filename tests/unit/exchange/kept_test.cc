// What an exchange keeps of its request: short words in place, long ones in lent memory.
#include <doctest/doctest.h>
#include <string>

#include "exchange/exchange.h"
#include "net/buffer_pool.h"

namespace ringway::proxy {
namespace {

TEST_CASE("a key of any length is kept as it was asked") {
  net::BufferPool pool;
  for (std::size_t length = 0; length <= 2048; ++length) {
    const std::string asked(length, 'k');
    KeptKey key;
    key.set(pool, asked);
    REQUIRE(key.get() == asked);
    key.clear(pool);
    REQUIRE(key.get().empty());
  }
}

TEST_CASE("so is a memo, from the longest in place to the first that is not") {
  net::BufferPool pool;
  for (const std::size_t length : {0u, 1u, 24u, 25u, 200u}) {
    const std::string flags(length, 'f');
    KeptMemo memo;
    memo.set(pool, flags);
    CHECK(memo.get() == flags);
    CHECK((pool.lent_bytes() > 0) == (length > 24));
    memo.clear(pool);
  }
}

TEST_CASE("a short key borrows no memory, a long one gives it back") {
  net::BufferPool pool;
  KeptKey key;
  key.set(pool, "user:1234567");
  CHECK(pool.lent_bytes() == 0);
  key.clear(pool);
  key.set(pool, std::string(250, 'k'));
  CHECK(pool.lent_bytes() > 0);
  key.clear(pool);
  CHECK(pool.lent_bytes() == 0);
}

}  // namespace
}  // namespace ringway::proxy
