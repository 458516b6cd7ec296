// The key of an exchange: short ones in place, long ones in lent memory.
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
    AskedKey key;
    key.set(pool, asked);
    REQUIRE(key.get() == asked);
    key.clear(pool);
    REQUIRE(key.get().empty());
  }
}

TEST_CASE("a short key borrows no memory, a long one gives it back") {
  net::BufferPool pool;
  AskedKey key;
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
