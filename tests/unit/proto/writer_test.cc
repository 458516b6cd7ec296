// Requests as servers get them: from fields, without noreply and q.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "ringway/proto/memcached/request.h"
#include "ringway/proto/memcached/request_writer.h"

namespace ringway::proto::memcached {
namespace {

std::string serialized(Bytes input) {
  ParsedRequest parsed;
  parse_request(input, {}, parsed);
  REQUIRE(parsed.status == RequestStatus::complete);
  std::vector<char> out(serialized_bytes_max(parsed.request));
  char* end = serialize(parsed.request, out.data());
  REQUIRE(end <= out.data() + out.size());
  return std::string(out.data(), end);
}

TEST_CASE("a plain request is written as it came") {
  for (const char* input :
       {"get a\r\n",
        "gets a\r\n",
        "gat 10 a\r\n",
        "gats -1 a\r\n",
        "set a 1 -2 2\r\nhi\r\n",
        "cas a 18446744073709551615 -9223372036854775808 2 18446744073709551615\r\nhi\r\n",
        "append a 0 0 0\r\n\r\n",
        "delete a\r\n",
        "incr a 5\r\n",
        "decr a 18446744073709551615\r\n",
        "touch a 9\r\n",
        "mg a v k O1\r\n",
        "ms a 2 T5 MA\r\nhi\r\n",
        "md YQ== b\r\n",
        "ma n D5\r\n",
        "me a\r\n",
        "mn\r\n",
        "version\r\n",
        "flush_all\r\n",
        "flush_all -1\r\n"}) {
    CHECK(serialized(input) == input);
  }
}

TEST_CASE("noreply and q stay behind, so that every request has a reply") {
  CHECK(serialized("set a 0 0 2 noreply\r\nhi\r\n") == "set a 0 0 2\r\nhi\r\n");
  CHECK(serialized("delete a 0 noreply\r\n") == "delete a\r\n");
  CHECK(serialized("incr a 1 noreply\r\n") == "incr a 1\r\n");
  CHECK(serialized("mg a q v\r\n") == "mg a v\r\n");
  CHECK(serialized("ms a 2 k q O1\r\nhi\r\n") == "ms a 2 k O1\r\nhi\r\n");
  CHECK(serialized("md a qx\r\n") == "md a\r\n");
  CHECK(serialized("ma a q v\r\n") == "ma a v\r\n");
}

TEST_CASE("what is silent unless it creates its item has a fence behind it") {
  CHECK(serialized("ma a N0 v q\r\n") == "ma a N0 v q\r\nmn\r\n");
  CHECK(serialized("ma a q N0\r\n") == "ma a q N0\r\nmn\r\n");
  CHECK(serialized("ma a N0 v\r\n") == "ma a N0 v\r\n");
  CHECK(serialized("mg a N0 v q\r\n") == "mg a N0 v\r\n");
}

TEST_CASE("a gat is never longer than what a server reads without a line end") {
  char head[get_head_bytes_max + 1];
  const char* end = write_get_head(Command::gats, INT64_MIN, head);
  const auto head_bytes = static_cast<std::size_t>(end - head);
  CHECK(head_bytes <= get_head_bytes_max);
  CHECK(head_bytes + keys_bytes_max(Command::gats) + 2 <= server_line_bytes_max);
  CHECK(keys_bytes_max(Command::gat) >= 7 * (key_bytes_max + 1));
  CHECK(keys_bytes_max(Command::get) > 10'000 * (key_bytes_max + 1));
  CHECK(keys_bytes_max(Command::gets) > 10'000 * (key_bytes_max + 1));
}

TEST_CASE("nor is a meta line, its flags at their longest and its key, too") {
  const std::string key(key_bytes_max, 'k');
  std::string text;  // What is parsed points into it.
  const auto asked = [&](const std::string& head, std::size_t flags_bytes) {
    text = head + " C1 N0 T0 L" + std::string(flags_bytes - 10, 'x') + "\r\nhi\r\n";
    ParsedRequest parsed;
    parse_request(text, {}, parsed);
    return parsed;
  };
  for (const std::string& head : {"mg " + key, "md " + key, "ma " + key, "ms " + key + " 2"}) {
    CHECK(asked(head, 1701).status == RequestStatus::rejected);
    const ParsedRequest longest = asked(head, 1700);
    REQUIRE(longest.status == RequestStatus::complete);
    // Each of three times becomes ten digits at most, and one more of them is added.
    std::vector<char> out(serialized_bytes_max(longest.request));
    const char* end = serialize(longest.request, out.data());
    CHECK(Bytes(out.data(), end).find('\n') + 4 * 12 <= server_line_bytes_max);
  }
  CHECK(asked("ms " + key + " 2", 1701).swallow == 4);
}

TEST_CASE("what a client wrote beside the fields stays behind") {
  CHECK(serialized("  set   a 007 -0 2 foo\nhi\r\n") == "set a 7 0 2\r\nhi\r\n");
  CHECK(serialized("touch a 1 2\r\n") == "touch a 1\r\n");
  CHECK(serialized("version foo bar\r\n") == "version\r\n");
  CHECK(serialized(" mg  a   v   k \r\n") == "mg a v k\r\n");
}

TEST_CASE("a read of many keys begins with its head") {
  char out[get_head_bytes_max];
  const auto head = [&](Command command, std::int64_t exptime) {
    return std::string(out, write_get_head(command, exptime, out));
  };
  CHECK(head(Command::get, 5) == "get");
  CHECK(head(Command::gets, 0) == "gets");
  CHECK(head(Command::gat, 10) == "gat 10");
  CHECK(head(Command::gats, INT64_MIN) == "gats -9223372036854775808");
}

}  // namespace
}  // namespace ringway::proto::memcached
