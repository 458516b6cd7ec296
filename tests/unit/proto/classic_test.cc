// Classic requests: keys, counts of words, and numbers, above all those by which a
// payload could be taken for commands.
#include <doctest/doctest.h>
#include <string>

#include "feeder.h"

namespace ringway::proto::memcached {
namespace {

const std::string bad_format = "CLIENT_ERROR bad command line format\r\n";
const std::string error = "ERROR\r\n";

ParsedRequest parsed(Bytes input, RequestLimits limits = {}) {
  ParsedRequest out;
  parse_request(input, limits, out);
  return out;
}

TEST_CASE("keys of 1 to 250 bytes are keys, with any byte from 0x80") {
  CHECK(answers_to("get a\r\n") == "<get key=a>");
  CHECK(answers_to("get \x80\xff\r\n") == "<get key=\x80\xff>");
  const std::string longest(250, 'k');
  CHECK(answers_to("get " + longest + "\r\n") == "<get key=" + longest + ">");
  CHECK(answers_to("get " + longest + "k\r\n") == bad_format);
}

TEST_CASE("no control character passes within a key, at any place of it") {
  for (int byte = 0; byte < 0x80; ++byte) {
    if (byte > 0x20 && byte < 0x7f) continue;
    if (byte == ' ' || byte == '\n') continue;
    for (std::size_t at = 0; at < 20; ++at) {
      std::string key(20, 'k');
      key[at] = static_cast<char>(byte);
      CAPTURE(byte);
      CHECK(answers_to("get " + key + "\r\n") == bad_format);
      CHECK(answers_to("set " + key + " 0 0 2\r\nhi\r\n") == bad_format);
    }
  }
}

TEST_CASE("keys keep their order and their duplicates, spaces do not count") {
  CHECK(answers_to("  get  a   b a \r\n") == "<get key=a key=b key=a>");
  CHECK(parsed("get a b  c\r\n").request.keys == "a b  c");
  CHECK(parsed("get a b  c\r\n").request.key_count == 3);
}

TEST_CASE("one bad key refuses the whole read") {
  CHECK(answers_to("get a b " + std::string(251, 'k') + " c\r\n") == bad_format);
  CHECK(answers_to("gat 0 a \x01 c\r\n") == bad_format);
}

TEST_CASE("more keys than keys_per_get_max are refused by name") {
  const RequestLimits three{.keys_per_get_max = 3};
  CHECK(answers_to("get a b c\r\n", three) == "<get key=a key=b key=c>");
  CHECK(answers_to("get a b c d\r\nget a\r\n", three).find("keys_per_get_max") != Bytes::npos);
}

TEST_CASE("a storage line that memcached misparses is refused and its payload swallowed") {
  const std::string evil = "set evil 0 0 1\r\nx\r\n";
  const std::string size = std::to_string(evil.size() - 2);
  const std::string refused[] = {
      "set a 0 99999999999999999999 ?",
      "set a 0 1.5 ?",
      "set a 0 0x5 ?",
      "set a 0 -9223372036854775809 ?",
      "set a -1 0 ?",
      "set a 18446744073709551616 0 ?",
      "set a 0x1 0 ?",
      "set a +1 0 ?",
      "set a 0 +1 ?",
      "set a 0 0 ? noreply x",
      "add a 1. 0 ?",
      "cas a 0 0 ? 18446744073709551616",
      "cas a 0 0 ? -1",
      "cas a 0 0 ? x",
      "cas a 0 0 ? 1 noreply x",
      "set " + std::string(251, 'k') + " 0 0 ?",
  };
  for (std::string line : refused) {
    line.replace(line.find('?'), 1, size);
    CAPTURE(line);
    CHECK(answers_to(line + "\r\n" + evil + "version\r\n") == bad_format + "<version>");
  }
}

TEST_CASE("a refused storage line that says noreply is silent, and swallowed as well") {
  CHECK(answers_to("set a 0 x 2 noreply\r\nhi\r\nversion\r\n") == "<version>");
  CHECK(answers_to("cas a 0 0 2 noreply\r\nhi\r\nversion\r\n") == "<version>");
}

TEST_CASE("a size that is no size leaves nothing to swallow") {
  for (const char* size : {"-1", "2147483646", "x", "0x2", "+2", "1e3", "99999999999999999999"}) {
    const std::string line = "set a 0 0 " + std::string(size) + "\r\n";
    CHECK(answers_to(line + "version\r\n") == bad_format + "<version>");
  }
}

TEST_CASE("the ends of every range are inside it") {
  CHECK(answers_to("set a 18446744073709551615 9223372036854775807 2\r\nhi\r\n") ==
        "<set key=a flags=18446744073709551615 exptime=9223372036854775807 value=hi>");
  CHECK(answers_to("set a 0 -9223372036854775808 2\r\nhi\r\n") ==
        "<set key=a exptime=-9223372036854775808 value=hi>");
  CHECK(answers_to("set a -0 -0 -0\r\n\r\n") == "<set key=a value=>");
  CHECK(answers_to("cas a 0 0 2 18446744073709551615\r\nhi\r\n") ==
        "<cas key=a cas=18446744073709551615 cas_given value=hi>");
  CHECK(parsed("set a 0 0 2147483645\r\n").swallow == 2147483647u);
}

TEST_CASE("a payload may hold anything, a line end or a command too") {
  const std::string payload("\r\nget a\r\n\0\xff", 11);
  CHECK(answers_to("set a 1 2 11\r\n" + payload + "\r\n") ==
        "<set key=a flags=1 exptime=2 value=" + payload + ">");
}

TEST_CASE("a set too large unlinks its key, other commands do not") {
  const RequestLimits small{.value_max = 3};
  CHECK(parsed("set a 0 0 4\r\n", small).unlink_key == "a");
  CHECK(parsed("set a 0 0 4 noreply\r\n", small).unlink_key == "a");
  for (const char* line : {"add a 0 0 4\r\n", "append a 0 0 4\r\n", "cas a 0 0 4 1\r\n"}) {
    CHECK(parsed(line, small).unlink_key.empty());
    CHECK(parsed(line, small).swallow == 6);
  }
  CHECK(parsed("set a 0 0 3\r\nabc\r\n", small).status == RequestStatus::complete);
}

TEST_CASE("too few and too many words are answered as memcached does") {
  for (const char* line :
       {"set", "set a", "set a 0", "delete", "delete a 0 noreply x", "incr a", "incr a 1 2 3",
        "touch a", "touch a 1 2 3", "gat", "verbosity 1 2 3", "flush_all 0 0 0", "bget a"}) {
    CAPTURE(line);
    CHECK(answers_to(std::string(line) + "\r\n") == error);
  }
  CHECK(answers_to("set a 0 0 2 foo\r\nhi\r\n") == "<set key=a value=hi>");
  CHECK(answers_to("touch a 1 2\r\n") == "<touch key=a exptime=1>");
}

TEST_CASE("delta and exptime are decimal and in range") {
  const std::string bad_delta = "CLIENT_ERROR invalid numeric delta argument\r\n";
  for (const char* delta : {"-1", "18446744073709551616", "0x1", "1.0", "noreply"}) {
    const std::string answer = answers_to("incr a " + std::string(delta) + "\r\n");
    CHECK(answer == (delta == std::string("noreply") ? "" : bad_delta));
  }
  CHECK(answers_to("decr a 18446744073709551615\r\n") == "<decr key=a delta=18446744073709551615>");
  CHECK(answers_to("touch a 9999999999999999999999\r\n") ==
        "CLIENT_ERROR invalid exptime argument\r\n");
  CHECK(answers_to("gat x " + std::string(251, 'k') + "\r\n") ==
        "CLIENT_ERROR invalid exptime argument\r\n");
}

TEST_CASE("a time of any length is kept in as many digits as it has") {
  ParsedRequest parsed;
  const std::string zeros(70'000, '0');
  const std::string line = "gat " + zeros + "17 a\r\n";
  parse_request(line, {}, parsed);
  CHECK(parsed.status == RequestStatus::complete);
  CHECK(parsed.request.memo == "17");
  CHECK(parsed.request.exptime == 17);
  parsed = {};
  parse_request("gat 0 a\r\n", {}, parsed);
  CHECK(parsed.request.memo == "0");
  CHECK(answers_to("gat -" + zeros + "1 a\r\n") == "CLIENT_ERROR invalid exptime argument\r\n");
}

TEST_CASE("delete takes a zero and noreply, and refuses in silence if told so") {
  const std::string usage =
      "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";
  CHECK(answers_to("delete k 0 0\r\n") == usage);
  CHECK(answers_to("delete a b c\r\n") == usage);
  CHECK(answers_to("delete k 1 noreply\r\n") == "");
  CHECK(answers_to("delete " + std::string(251, 'k') + "\r\n") == bad_format);
}

TEST_CASE("refused local commands that say noreply are silent") {
  CHECK(answers_to("verbosity foo noreply\r\n") == "");
  CHECK(answers_to("verbosity noreply\r\n") == "");
  CHECK(answers_to("flush_all abc noreply\r\n") == "");
  CHECK(answers_to("flush_all 5 noreply\r\n") ==
        "<flush_all exptime=5 noreply argument=5 noreply>");
}

TEST_CASE("stats tells of ringway what it can, and is never reset") {
  CHECK(answers_to("stats\r\n") == "<stats>");
  for (const Bytes of : {"settings", "items", "slabs"}) {
    CHECK(parsed("stats " + std::string(of) + "\r\n").status == RequestStatus::complete);
    CHECK(parsed("stats " + std::string(of) + " x\r\n").request.argument == of);
  }
  CHECK(answers_to("stats reset\r\n") == "CLIENT_ERROR stats reset not allowed\r\n");
  CHECK(answers_to("stats sizes\r\n") == error);
  CHECK(answers_to("stats detail on\r\n") == error);
  CHECK(answers_to("stats detail foo\r\n") == "CLIENT_ERROR usage: stats detail on|off|dump\r\n");
}

}  // namespace
}  // namespace ringway::proto::memcached
