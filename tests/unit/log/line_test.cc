// How lines look, and that nobody can forge one.
#include "log/line.h"

#include <doctest/doctest.h>

namespace ringway::log {
namespace {

using namespace std::chrono_literals;

const Time noon{1'772'357'400'250ms};  // 2026-03-01, half past nine.

std::string text(std::string_view message) {
  const std::string line = text_line(Time{}, Level::info, message);
  return line.substr(30, line.size() - 31);
}

std::string json(std::string_view message) {
  const std::string line = json_line(Time{}, Level::info, message);
  const auto begin = line.find("\"message\":\"") + 11;
  return line.substr(begin, line.size() - begin - 3);
}

TEST_CASE("a line of text has its time in UTC, its level and its message") {
  CHECK(text_line(noon, Level::warning, "web2 is away") ==
        "2026-03-01T09:30:00.250Z warning web2 is away\n");
}

TEST_CASE("a line of JSON is one object") {
  CHECK(json_line(noon, Level::error, "web2 is away") ==
        "{\"time\":\"2026-03-01T09:30:00.250Z\",\"level\":\"error\","
        "\"message\":\"web2 is away\"}\n");
}

TEST_CASE("what a line is about stands in fields of its own, escaped") {
  CHECK(json_line(noon, Level::warning, "m",
                  {.name = "server_ejected",
                   .listener = "front",
                   .pool = "web",
                   .server = "a\"b",
                   .worker = "1",
                   .client = "uid 0",
                   .address = "unix:/a",
                   .cause = "it\nended"}) ==
        "{\"time\":\"2026-03-01T09:30:00.250Z\",\"level\":\"warning\","
        "\"event\":\"server_ejected\",\"listener\":\"front\",\"pool\":\"web\","
        "\"server\":\"a\\\"b\",\"worker\":\"1\",\"client\":\"uid 0\","
        "\"address\":\"unix:/a\","
        "\"cause\":\"it\\nended\",\"message\":\"m\"}\n");
}

TEST_CASE("levels have the names of the configuration") {
  CHECK(name(Level::debug) == "debug");
  CHECK(name(Level::error) == "error");
}

TEST_CASE("text passes as it is, in any language") {
  for (const char* message : {"plain", "é", "日本", "😀"}) {
    CHECK(text(message) == message);
    CHECK(json(message) == message);
  }
}

TEST_CASE("a line end in a message does not begin a line") {
  CHECK(text("a\nb\rc") == "a\\nb\\x0dc");
  CHECK(json("a\nb\rc") == "a\\nb\\u000dc");
}

TEST_CASE("control characters never reach a terminal") {
  CHECK(text("\x1b[2J\x7f\xc2\x9b") == "\\x1b[2J\\x7f\\xc2\\x9b");
}

TEST_CASE("quotes and backslashes are escaped in JSON alone") {
  CHECK(json("a\"b\\c") == "a\\\"b\\\\c");
  CHECK(text("a\"b\\c") == "a\"b\\c");
}

TEST_CASE("bytes that are not UTF-8 are escaped") {
  CHECK(text("\xff|\xc3") == "\\xff|\\xc3");
  CHECK(json("\xff|\xc3") == "\\u00ff|\\u00c3");
  CHECK(json("\xc0\x80") == "\\u00c0\\u0080");                        // Longer than needed.
  CHECK(json("\xed\xa0\x80") == "\\u00ed\\u00a0\\u0080");             // A surrogate.
  CHECK(json("\xf4\x90\x80\x80") == "\\u00f4\\u0090\\u0080\\u0080");  // Beyond Unicode.
}

TEST_CASE("a zero byte is a character like others") {
  CHECK(text(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(json(std::string_view("a\0b", 3)) == "a\\u0000b");
}

}  // namespace
}  // namespace ringway::log
