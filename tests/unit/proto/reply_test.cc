// Replies of servers: every kind of line, and what is no reply at all.
#include "ringway/proto/memcached/reply.h"

#include <doctest/doctest.h>
#include <string>

#include "feeder.h"

namespace ringway::proto::memcached {
namespace {

ReplyLine read(Bytes line) {
  ReplyLine out;
  REQUIRE(parse_reply_line(line, out) == LineStatus::complete);
  REQUIRE(out.consumed == line.size());
  return out;
}

bool malformed(Bytes input) {
  ReplyLine out;
  return parse_reply_line(input, out) == LineStatus::malformed;
}

TEST_CASE("a line without fields is its kind") {
  using enum ReplyKind;
  const std::pair<const char*, ReplyKind> lines[] = {{"END", end},
                                                     {"STORED", stored},
                                                     {"NOT_STORED", not_stored},
                                                     {"EXISTS", exists},
                                                     {"DELETED", deleted},
                                                     {"TOUCHED", touched},
                                                     {"NOT_FOUND", not_found},
                                                     {"OK", ok},
                                                     {"MN", mn},
                                                     {"HD", hd},
                                                     {"EN", en},
                                                     {"NF", nf},
                                                     {"NS", ns},
                                                     {"EX", ex},
                                                     {"ERROR", error}};
  for (const auto& [line, kind] : lines) {
    CHECK(read(std::string(line) + "\r\n").kind == kind);
  }
}

TEST_CASE("a value tells its key, size and cas") {
  const ReplyLine plain = read("VALUE a 7 12\r\n");
  CHECK(plain.kind == ReplyKind::value);
  CHECK(plain.key == "a");
  CHECK(plain.bytes == 12);
  CHECK(!plain.cas_given);
  const ReplyLine with_cas = read("VALUE a 18446744073709551615 0 9\r\n");
  CHECK(with_cas.cas_given);
  CHECK(with_cas.cas == 9);
}

TEST_CASE("meta replies tell key, opaque, cas and encoding") {
  const ReplyLine va = read("VA 2 kYQ== b O77 s2 f0 t-1 c5\r\n");
  CHECK(va.kind == ReplyKind::va);
  CHECK(va.bytes == 2);
  CHECK(va.key == "YQ==");
  CHECK(va.base64);
  CHECK(va.opaque == "77");
  CHECK(va.cas == 5);
  CHECK(read("HD O\r\n").opaque_given);
  CHECK(read("HD \r\n").kind == ReplyKind::hd);
  CHECK(read("ME a exp=-1 la=0\r\n").key == "a");
}

TEST_CASE("a number may be padded with spaces") {
  CHECK(read("99\r\n").kind == ReplyKind::number);
  CHECK(read("99  \r\n").line == "99  ");
  for (const char* line : {"-1\r\n", " 1\r\n", "1 2\r\n", "18446744073709551616\r\n", "1x\r\n"}) {
    CHECK(malformed(line));
  }
}

TEST_CASE("errors carry their text") {
  CHECK(read("SERVER_ERROR out of memory\r\n").text == "out of memory");
  CHECK(read("CLIENT_ERROR bad data chunk\r\n").kind == ReplyKind::client_error);
  CHECK(read("ERROR some text\r\n").kind == ReplyKind::error);
  CHECK(read("VERSION 1.6.18\r\n").text == "1.6.18");
}

TEST_CASE("what a ringway could not do is told apart from what a server could not") {
  const auto of_ringway = [](Bytes text) {
    ReplyLine line;
    parse_reply_line(text, line);
    return is_of_ringway(line);
  };
  CHECK(of_ringway("SERVER_ERROR ringway: pool web has no server that takes traffic\r\n"));
  CHECK_FALSE(of_ringway("SERVER_ERROR out of memory storing object\r\n"));
  CHECK_FALSE(of_ringway("CLIENT_ERROR ringway: bad key\r\n"));
  CHECK_FALSE(of_ringway("SERVER_ERROR\r\n"));
}

TEST_CASE("a refused connection is a kind of its own") {
  CHECK(read("ERROR Too many open connections\r\n").kind == ReplyKind::too_many_connections);
  CHECK(!answers(Command::get, ReplyKind::too_many_connections));
}

TEST_CASE("what is not exactly a reply is malformed") {
  for (const char* line : {"\r\n",
                           " END\r\n",
                           "END \r\n",
                           "END x\r\n",
                           "end\r\n",
                           "END\n",
                           "\n",
                           "VALUE\r\n",
                           "VALUE a 0\r\n",
                           "VALUE a 0 x\r\n",
                           "VALUE a 0 -1\r\n",
                           "VALUE a 0 1 x\r\n",
                           "VALUE a 0 1 2 3\r\n",
                           "VALUE  a 0 1\r\n",
                           "VALUE a  0 1\r\n",
                           "VALUE a 0  1\r\n",
                           "VALUE a 0x 1\r\n",
                           "VALUE a 0 1x\r\n",
                           "VALUE a +0 1\r\n",
                           "VALUE a 0 1 2 \r\n",
                           "VALUE a\x7f 0 1\r\n",
                           "VALUE a 0 1 \r\n",
                           "VALUE a 0 1073741825\r\n",
                           "VA\r\n",
                           "VA x\r\n",
                           "VA 1 ka kb\r\n",
                           "HD k\r\n",
                           "HD k\x01\r\n",
                           "HD O1 O2\r\n",
                           "HD cx\r\n",
                           "ME\r\n",
                           "MN x\r\n",
                           "OKAY\r\n",
                           "STORED\r\r\n",
                           "HTTP/1.1 200 OK\r\n",
                           "+OK\r\n"}) {
    CAPTURE(std::string(line));
    CHECK(malformed(line));
  }
  CHECK(malformed("VALUE " + std::string(251, 'k') + " 0 1\r\n"));
}

TEST_CASE("a line is waited for up to a limit, however it arrives") {
  ReplyLine out;
  CHECK(parse_reply_line("EN", out) == LineStatus::incomplete);
  CHECK(parse_reply_line("", out) == LineStatus::incomplete);
  const std::string longest(reply_line_bytes_max - 1, 'x');
  CHECK(parse_reply_line(longest, out) == LineStatus::incomplete);
  CHECK(malformed(longest + "x"));
  CHECK(malformed("VERSION " + longest + "\r\n"));
  CHECK(read("VERSION " + longest.substr(9) + "\r\n").consumed == reply_line_bytes_max);
}

TEST_CASE("any split of a stream of replies gives the same lines") {
  const std::string stream =
      "VALUE a 0 5\r\nEND\r\n\r\nEND\r\nSTORED\r\n12 \r\nVA 2 kYQ== b O1\r\nhi\r\nEN O1\r\n"
      "CLIENT_ERROR x y\r\nVERSION 1\r\nERROR\r\nSTOREDX\r\nEND\r\n";
  const Events whole = events_in_pieces(ReplyFeeder(), stream, stream.size());
  CHECK(whole.size() == 10);
  CHECK(whole.back() == "malformed");
  for (std::size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
    CHECK(events_in_pieces(ReplyFeeder(), stream, piece_bytes) == whole);
  }
}

TEST_CASE("a reply answers only commands that can earn it, an error any") {
  CHECK(answers(Command::get, ReplyKind::value));
  CHECK(!answers(Command::get, ReplyKind::stored));
  CHECK(answers(Command::cas, ReplyKind::exists));
  CHECK(!answers(Command::set, ReplyKind::exists));
  CHECK(answers(Command::ma, ReplyKind::va));
  CHECK(!answers(Command::ms, ReplyKind::va));
  CHECK(!answers(Command::get, ReplyKind::unknown));
  for (const CommandRow& row : commands()) {
    CHECK(answers(row.command, ReplyKind::server_error));
    CHECK(answers(row.command, ReplyKind::client_error));
    CHECK(answers(row.command, ReplyKind::error));
  }
}

TEST_CASE("q hides EN of mg, HD of the others and VA of ma, nothing else") {
  CHECK(silenced_by_q(Command::mg, ReplyKind::en));
  CHECK(!silenced_by_q(Command::mg, ReplyKind::hd));
  for (const Command command : {Command::ms, Command::md, Command::ma}) {
    CHECK(silenced_by_q(command, ReplyKind::hd));
    CHECK(silenced_by_q(command, ReplyKind::va) == (command == Command::ma));
    for (const ReplyKind kind : {ReplyKind::nf, ReplyKind::ns, ReplyKind::ex}) {
      CHECK(!silenced_by_q(command, kind));
    }
    CHECK(!silenced_by_q(command, ReplyKind::client_error));
  }
}

TEST_CASE("a reply names the key asked, whichever of the two is encoded") {
  const auto names = [](const char* line, Bytes asked, bool base64) {
    return names_key(read(line), asked, base64);
  };
  CHECK(names("HD ka\r\n", "a", false));
  CHECK(!names("HD kb\r\n", "a", false));
  CHECK(names("HD kYQ== b\r\n", "a", false));
  CHECK(names("HD ka\r\n", "YQ==", true));
  CHECK(names("HD kYQ== b\r\n", "YQ==", true));
  CHECK(!names("HD kYQ==\r\n", "YQ==", true));
  CHECK(!names("HD kYQ== b\r\n", "YQ==", false));
  CHECK(names("ME YQ== exp=-1\r\n", "a", false));
  CHECK(names("ME a exp=-1\r\n", "YQ==", true));
  CHECK(names("VALUE a 0 1\r\n", "a", false));
  CHECK(!names("VALUE b 0 1\r\n", "a", false));
  CHECK(names("HD\r\n", "a", false));
}

}  // namespace
}  // namespace ringway::proto::memcached
