// What a stand-in is told and what it tells: times lowered, cas tokens told apart.
#include "ringway/proto/memcached/stand_in.h"

#include <doctest/doctest.h>
#include <limits>
#include <string>

namespace ringway::proto::memcached {
namespace {

constexpr std::int64_t now = 1'800'000'000;
constexpr TtlCap five_minutes{300, now};
constexpr TtlCap two_months{60 * 86'400, now};

TEST_CASE("whatever lives longer than the cap lives as long as the cap") {
  CHECK(capped(0, five_minutes) == 300);
  CHECK(capped(301, five_minutes) == 300);
  CHECK(capped(30 * 86'400, five_minutes) == 300);
  CHECK(capped(now + 301, five_minutes) == 300);
}

TEST_CASE("what ends sooner, or has ended, stays as it is") {
  for (const std::int64_t exptime : {std::int64_t{-1}, std::int64_t{1}, std::int64_t{300}, now - 5,
                                     now + 300, std::int64_t{30 * 86'400 + 1}}) {
    CAPTURE(exptime);
    CHECK(capped(exptime, five_minutes) == exptime);
  }
}

TEST_CASE("of more than 32 bits memcached reads the low ones, and so do we") {
  constexpr std::int64_t wrap = std::int64_t{1} << 32;
  for (const std::int64_t exptime :
       {wrap / 2, wrap - 1, wrap + 1, wrap + 300, 2 * wrap + 100, std::int64_t{99'999'999'999},
        -wrap / 2, -wrap + 5, std::numeric_limits<std::int64_t>::max()}) {
    CAPTURE(exptime);
    CHECK(capped(exptime, five_minutes) == exptime);
  }
  CHECK(capped(wrap, five_minutes) == 300);
  CHECK(capped(wrap + 301, five_minutes) == 300);
  CHECK(capped(-wrap, five_minutes) == 300);
  CHECK(capped(-wrap / 2 - 1, five_minutes) == 300);
}

TEST_CASE("a cap beyond thirty days is told as an absolute time") {
  CHECK(capped(0, two_months) == now + 60 * 86'400);
  CHECK(capped(30 * 86'400, two_months) == 30 * 86'400);
  CHECK(capped(now + 61 * 86'400, two_months) == now + 60 * 86'400);
}

std::string flags(Bytes given, bool adds_ttl, std::uint64_t cas = 0,
                  std::optional<TtlCap> cap = five_minutes) {
  char out[256];
  return {out, write_stand_in_flags(given, cap, adds_ttl, cas, out)};
}

TEST_CASE("meta flags: T and N are lowered, all else stays") {
  CHECK(flags("v T0 k", false) == "v T300 k");
  CHECK(flags("N86400 O77 s", false) == "N300 O77 s");
  CHECK(flags("T-1", false) == "T-1");
  CHECK(flags("T20 q", true) == "T20 q");
  CHECK(flags("Tx", false) == "Tx");
}

TEST_CASE("a set without T gets one, since it would live for ever") {
  CHECK(flags("", true) == "T300");
  CHECK(flags("F5 q", true) == "F5 q T300");
  CHECK(flags("F5 q", true, 0, std::nullopt) == "F5 q");
}

TEST_CASE("C is told the server's own token") {
  CHECK(flags("C9223372036854775809 T5", true, 17) == "C17 T5");
}

TEST_CASE("a token carries the mark of one server and is unmarked by no other") {
  const TokenMark mark = token_mark(0x1234);
  const TokenMark other = token_mark(0x1235);
  const std::uint64_t told = marked(17, mark);
  CHECK(unmarked(told, mark) == 17);
  CHECK_FALSE(unmarked(told, other).has_value());
  CHECK_FALSE(unmarked(17, mark).has_value());
}

constexpr std::uint64_t bit(int number) {
  return std::uint64_t{1} << number;
}

TEST_CASE("a marked token fits where clients keep it, wherever its server began to count") {
  struct {
    std::uint64_t own;
    std::uint64_t told_at_least;
    std::uint64_t told_below;
  } constexpr rows[] = {
      {1, bit(52), bit(53)},       {bit(44) - 2, bit(52), bit(53)}, {bit(44) - 1, bit(52), bit(53)},
      {bit(44), bit(62), bit(63)}, {bit(44) + 1, bit(62), bit(63)}, {bit(48), bit(62), bit(63)},
      {bit(53), bit(62), bit(63)}, {bit(54) - 2, bit(62), bit(63)}, {bit(54) - 1, bit(62), bit(63)},
  };
  for (const auto& row : rows) {
    for (const int mark : {0, 1, 128, 255}) {
      CAPTURE(row.own);
      CAPTURE(mark);
      const std::uint64_t told = marked(row.own, static_cast<TokenMark>(mark));
      CHECK(told >= row.told_at_least);
      CHECK(told < row.told_below);
      int bearers = 0;
      for (int other = 0; other < 256; ++other) {
        const auto own = unmarked(told, static_cast<TokenMark>(other));
        if (own) bearers += other == mark && own == row.own ? 1 : 1000;
      }
      CHECK(bearers == 1);
    }
  }
}

TEST_CASE("tokens stay different and in their order from one range to the next") {
  for (const std::uint64_t begin : {bit(44) - 2, bit(48), bit(53) - 2, bit(53)}) {
    for (std::uint64_t own = begin; own < begin + 4; ++own) {
      CHECK(marked(own, 77) < marked(own + 1, 77));
    }
  }
}

TEST_CASE("a token too large for a mark is told as it is") {
  for (const std::uint64_t own : {bit(54), bit(54) + 1, bit(63), bit(63) + 5, ~std::uint64_t{0}}) {
    CAPTURE(own);
    CHECK(marked(own, 200) == own);
    CHECK(beyond_marks(own));
    for (int mark = 0; mark < 256; ++mark) {
      CHECK_FALSE(unmarked(own, static_cast<TokenMark>(mark)).has_value());
    }
  }
  CHECK_FALSE(beyond_marks(bit(54) - 1));
}

TEST_CASE("what no server can have been told with that mark does not carry it") {
  const std::uint64_t small_in_large_range = bit(62) + 5 * bit(54) + 17;
  CHECK_FALSE(unmarked(small_in_large_range, 5).has_value());
}

std::string with_cas(Bytes text, std::uint64_t cas) {
  ReplyLine line;
  REQUIRE(parse_reply_line(text, line) == LineStatus::complete);
  std::string out(line.consumed + 20, '?');
  out.resize(static_cast<std::size_t>(write_with_cas(line, cas, out.data()) - out.data()));
  return out;
}

TEST_CASE("only the token of a line changes") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  CHECK(with_cas("VALUE c1 5 10 1\r\n", 99) == "VALUE c1 5 10 99\r\n");
  CHECK(with_cas("VALUE 1 1 1 1\r\n", most) == "VALUE 1 1 1 18446744073709551615\r\n");
  CHECK(with_cas("VA 2 kcc c7 s2\r\n", 99) == "VA 2 kcc c99 s2\r\n");
  CHECK(with_cas("HD c7 Oc8\r\n", 99) == "HD c99 Oc8\r\n");
}

TEST_CASE("a key comes back from its encoding") {
  std::string key;
  for (int n = 1; n <= 250; ++n) {
    key += static_cast<char>(n * 37);
    char encoded[encoded_key_bytes_max];
    char decoded[key_bytes_max];
    std::size_t size = 0;
    REQUIRE(decode_key(encode_key(key, encoded), decoded, size));
    REQUIRE(Bytes(decoded, size) == key);
  }
}

TEST_CASE("a key with bytes that a line cannot hold is not plain") {
  CHECK(is_plain_key("a:b"));
  for (const Bytes key : {Bytes("a b"), Bytes("a\n"), Bytes("\0", 1), Bytes("\x7f")}) {
    CHECK_FALSE(is_plain_key(key));
  }
}

}  // namespace
}  // namespace ringway::proto::memcached
