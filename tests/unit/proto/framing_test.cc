// Where requests begin and end: arbitrary splits, long lines, what is needed, what
// is swallowed.
#include <doctest/doctest.h>
#include <string>

#include "feeder.h"

namespace ringway::proto::memcached {
namespace {

ParsedRequest parsed(Bytes input, RequestLimits limits = {}) {
  ParsedRequest out;
  parse_request(input, limits, out);
  return out;
}

// Everything the grammar has, valid and wrong, in one stream.
const std::string everything =
    "get a\r\n  gets a b  c\ngat 5 a b\r\nset a 1 -2 5 noreply\r\nhello\r\nget\r\n"
    "cas a 0 0 0 9\r\n\r\nappend a 0 0 2\r\nhiXXget a\r\nset a x 0 7\r\nversion\r\nversion\r\n"
    "set b 0 0 2000\r\n" +
    std::string(2000, 'v') +
    "\r\nms a 3 q O1 T5\r\nabc\r\nms a 2 z\r\nhi\r\nmg YQ== b k v\r\nmn\r\nme a\r\ndelete k 5\r\n"
    "incr a 5 noreply\r\n\r\n \r\nfoo bar\r\nstats slabs\r\nflush_all 5 "
    "noreply\r\nquit\r\nverbosity "
    "1\r\nGET / HTTP/1.1\r\nget a\r\n";

TEST_CASE("any split of a stream gives the same requests") {
  const Events whole = events_in_pieces(RequestFeeder(), everything, everything.size());
  CHECK(whole.size() == 26);
  CHECK(whole.back() == "closed");
  for (std::size_t piece_bytes = 1; piece_bytes < 200; ++piece_bytes) {
    CHECK(events_in_pieces(RequestFeeder(), everything, piece_bytes) == whole);
  }
}

TEST_CASE("a cut at every place of a stream gives the same requests") {
  const Events whole = events_in_pieces(RequestFeeder(), everything, everything.size());
  for (std::size_t cut = 0; cut <= everything.size(); ++cut) {
    RequestFeeder feeder;
    feeder.feed(Bytes(everything).substr(0, cut));
    feeder.feed(Bytes(everything).substr(cut));
    CHECK(feeder.events() == whole);
  }
}

TEST_CASE("an unfinished line remembers how far it was searched") {
  CHECK(parsed("get a").scanned == 5);
  CHECK(parsed("get a").needed == 0);
  ParsedRequest out;
  out.scanned = 5;
  parse_request("get a\r\n", {}, out);
  CHECK(out.status == RequestStatus::complete);
  CHECK(out.scanned == 0);
}

TEST_CASE("an unfinished payload says how much it needs") {
  const ParsedRequest out = parsed("set a 0 0 5\r\nhel");
  CHECK(out.status == RequestStatus::incomplete);
  CHECK(out.needed == 20);
  CHECK(out.consumed == 0);
  CHECK(parsed("set a 0 0 5\r\nhello\r").needed == 20);
  CHECK(parsed("set a 0 0 5\r\nhello\r\n").consumed == 20);
}

TEST_CASE("a refused line does not wait for its payload") {
  const ParsedRequest out = parsed("set a x 0 1000\r\n");
  CHECK(out.status == RequestStatus::rejected);
  CHECK(out.consumed == 16);
  CHECK(out.swallow == 1002);
}

TEST_CASE("a bad data chunk takes exactly its announced bytes and two more") {
  CHECK(parsed("set a 0 0 2\r\nhiX\r\n").consumed == 17);
  CHECK(answers_to("set a 0 0 2\nhi\nxversion\r\n") == "CLIENT_ERROR bad data chunk\r\n<version>");
}

TEST_CASE("a line of 2048 bytes is read, a longer one closes, however it arrives") {
  const std::string line = "version " + std::string(2040, 'x');
  CHECK(parsed(line + "\n").status == RequestStatus::complete);
  CHECK(parsed(line).status == RequestStatus::incomplete);
  CHECK(parsed(line + "x").status == RequestStatus::closed);
  CHECK(parsed(line + "x\n").status == RequestStatus::closed);
}

TEST_CASE("reads of many keys may be long, up to 100 spaces before them") {
  for (const char* start : {"get ", "gets ", "gat 0 ", "gats 0 "}) {
    CHECK(parsed(start + std::string(5000, 'k')).status == RequestStatus::incomplete);
  }
  const std::string keys = "get " + std::string(3000, 'k');
  CHECK(parsed(std::string(100, ' ') + keys).status == RequestStatus::incomplete);
  CHECK(parsed(std::string(101, ' ') + keys).status == RequestStatus::closed);
  CHECK(parsed(std::string(3000, ' ')).status == RequestStatus::closed);
}

TEST_CASE("a line longer than all its keys could be is refused for good") {
  const RequestLimits ten{.keys_per_get_max = 10};
  const std::string line = "get " + std::string(10 * 251 + 60, 'k');
  CHECK(parsed(line, ten).status == RequestStatus::incomplete);
  CHECK(parsed(line + "k", ten).status == RequestStatus::refused);
  CHECK(parsed(line + "k\r\n", ten).status == RequestStatus::refused);
  // Spaces before it are none of its bytes.
  const std::string spaces(100, ' ');
  CHECK(parsed(spaces + line, ten).status == RequestStatus::incomplete);
  CHECK(parsed(spaces + line + "k", ten).status == RequestStatus::refused);
}

TEST_CASE("a line of a read may have eight megabytes, however many keys it names") {
  std::string line = "get ";
  while (line.size() < 8u << 20) line += "k ";
  CHECK(parsed(line).status == RequestStatus::incomplete);
  CHECK(parsed(line + "\n").status == RequestStatus::complete);
  for (const char* more : {"k", "k\n", " \n"}) {
    const ParsedRequest out = parsed(line + more);
    CHECK(out.status == RequestStatus::refused);
    CHECK(out.error == "CLIENT_ERROR ringway: line too long");
  }
}

TEST_CASE("a read of twenty thousand keys is one request") {
  std::string line = "get";
  for (int i = 0; i < 20'000; ++i) line += " key" + std::to_string(i);
  line += "\r\n";
  const ParsedRequest out = parsed(line);
  CHECK(out.status == RequestStatus::complete);
  CHECK(out.request.key_count == 20'000);
  Bytes rest = out.request.keys;
  int count = 0;
  for (Bytes key; next_key(rest, key);) CHECK(key == "key" + std::to_string(count++));
  CHECK(count == 20'000);
}

TEST_CASE("nothing at all is an unfinished line") {
  CHECK(parsed("").status == RequestStatus::incomplete);
  CHECK(parsed(Bytes()).status == RequestStatus::incomplete);
}

}  // namespace
}  // namespace ringway::proto::memcached
