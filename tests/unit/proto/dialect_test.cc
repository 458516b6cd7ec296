// The row of memcached as the core sees it: what each line of a server means to which request, and
// ringway's own words.
#include "ringway/proto/dialect.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "ringway/proto/memcached/command.h"

namespace ringway::proto {
namespace {

using memcached::Command;
using Is = Piece::Is;

const Dialect& dialect() {
  return *find_dialect("memcached");
}

Asked asked(Command command, Bytes key = "a", Bytes memo = {}, bool gathered = false) {
  return {command, gathered, key, memo};
}

Piece next(const Asked& question, Bytes line, Framing& framing) {
  Piece piece;
  dialect().next(framing, line, question, piece);
  return piece;
}

Piece next(const Asked& question, Bytes line) {
  Framing framing;
  return next(question, line, framing);
}

TEST_CASE("what came of a request is known at its first line") {
  struct Row {
    Asked asked;
    Bytes line;
    Outcome outcome;
  };
  const std::vector<Row> rows = {
      {asked(Command::get), "VALUE a 0 1\r\n", Outcome::good},
      {asked(Command::get), "END\r\n", Outcome::miss},
      {asked(Command::set), "STORED\r\n", Outcome::good},
      {asked(Command::add), "NOT_STORED\r\n", Outcome::declined},
      {asked(Command::cas), "EXISTS\r\n", Outcome::declined},
      {asked(Command::cas), "NOT_FOUND\r\n", Outcome::miss},
      {asked(Command::delete_), "DELETED\r\n", Outcome::good},
      {asked(Command::delete_), "NOT_FOUND\r\n", Outcome::miss},
      {asked(Command::incr), "17\r\n", Outcome::good},
      {asked(Command::touch), "TOUCHED\r\n", Outcome::good},
      {asked(Command::mg), "EN\r\n", Outcome::miss},
      {asked(Command::mg), "HD\r\n", Outcome::good},
      {asked(Command::ms), "NS\r\n", Outcome::declined},
      {asked(Command::ms), "EX\r\n", Outcome::declined},
      {asked(Command::md), "NF\r\n", Outcome::miss},
      {asked(Command::flush_all, {}), "OK\r\n", Outcome::good},
      {asked(Command::set), "SERVER_ERROR out of memory\r\n", Outcome::failed},
      {asked(Command::set), "CLIENT_ERROR bad data chunk\r\n", Outcome::refused},
      {asked(Command::get), "ERROR\r\n", Outcome::refused},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const Piece piece = next(row.asked, row.line);
    CHECK(piece.is == Is::head);
    CHECK(piece.outcome == row.outcome);
    CHECK(piece.consumed == row.line.size());
    CHECK(piece.told == row.line);
  }
}

TEST_CASE("a line that cannot be the answer to that request is foreign") {
  struct Row {
    Asked asked;
    Bytes line;
    Bytes wrong;
  };
  const Bytes no_reply = "sent something that is no reply";
  const Bytes does_not_fit = "sent a reply that does not fit the request";
  const Bytes of_another = "sent the reply to another request";
  const std::vector<Row> rows = {
      {asked(Command::get), "HELLO\r\n", no_reply},
      {asked(Command::get), "STORED\r\n", does_not_fit},
      {asked(Command::set), "VALUE a 0 1\r\n", does_not_fit},
      {asked(Command::get), "VALUE b 0 1\r\n", of_another},
      {asked(Command::mg, "a", "O7 v"), "HD O7\r\n", of_another},  // A value was asked for.
      {asked(Command::mg, "a", "t"), "VA 1\r\n", of_another},      // None was.
      {asked(Command::mg, "a", "O7 t"), "HD O8\r\n", of_another},
      {asked(Command::mg, "a", "O7 t"), "HD\r\n", of_another},
      {asked(Command::mg, "a", "k t"), "HD kb\r\n", of_another},
      {asked(Command::mg, "a", "t"), "HD ka\r\n", of_another},
      {asked(Command::mg, "a", "k t"), "HD\r\n", of_another},
      {asked(Command::ma, "a", "N0"), "MN\r\n", of_another},  // No fence without q.
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const Piece piece = next(row.asked, row.line);
    CHECK(piece.is == Is::foreign);
    CHECK(piece.wrong == row.wrong);
  }
  // Of several keys whoever asked knows which are still to come.
  CHECK(next(asked(Command::get, {}, {}, true), "VALUE b 0 1\r\n").is == Is::head);
}

TEST_CASE("an unfinished line is no piece yet") {
  for (const Bytes part : {"", "V", "VALUE a 0 1", "VALUE a 0 1\r"})
    CHECK(next(asked(Command::get), part).is == Is::incomplete);
}

TEST_CASE("a value is a head, a body that nobody reads, and END") {
  const Asked question = asked(Command::get);
  Framing framing;
  const Piece head = next(question, "VALUE a 0 3\r\n", framing);
  CHECK(head.has_body);
  CHECK(head.value_bytes == 3);
  CHECK_FALSE(head.last);
  CHECK(framing.body_left == 5);
  CHECK_FALSE(framing.ends);
  framing.body_left = 0;
  const Piece end = next(question, "END\r\n", framing);
  CHECK(end.last);
  CHECK(end.outcome == Outcome::good);
  CHECK_FALSE(framing.begun);
}

TEST_CASE("a meta value is the end of its reply") {
  Framing framing;
  CHECK_FALSE(next(asked(Command::mg, "a", "v"), "VA 1\r\n", framing).last);
  CHECK(framing.body_left == 3);
  CHECK(framing.ends);
}

TEST_CASE("one key has one value") {
  Framing framing;
  (void)next(asked(Command::get), "VALUE a 0 0\r\n", framing);
  framing.body_left = 0;
  CHECK(next(asked(Command::get), "VALUE a 0 0\r\n", framing).is == Is::foreign);
}

TEST_CASE("what q silences is not told") {
  CHECK(next(asked(Command::mg, "a", "q v"), "EN\r\n").told.empty());
  CHECK(next(asked(Command::ms, "a", "q"), "HD\r\n").told.empty());
  CHECK(next(asked(Command::ms, "a", "q"), "NS\r\n").told == "NS\r\n");
  CHECK(next(asked(Command::ma, "a", "q v"), "VA 1\r\n").told.empty());
}

TEST_CASE("an ma that may create its item is over at the fence") {
  const Asked question = asked(Command::ma, "a", "N0 q");
  Framing framing;
  const Piece created = next(question, "HD\r\n", framing);
  CHECK_FALSE(created.last);
  CHECK(created.told == "HD\r\n");
  CHECK(next(question, "HD\r\n", framing).is == Is::foreign);
  framing = {};
  (void)next(question, "HD\r\n", framing);
  const Piece fence = next(question, "MN\r\n", framing);
  CHECK(fence.last);
  CHECK(fence.told.empty());
}

TEST_CASE("a payload that a server complains about may have been read as commands") {
  CHECK(next(asked(Command::set), "CLIENT_ERROR bad data chunk\r\n").unsure);
  CHECK(next(asked(Command::set), "ERROR\r\n").unsure);
  CHECK_FALSE(next(asked(Command::set), "SERVER_ERROR out of memory\r\n").unsure);
  CHECK_FALSE(next(asked(Command::get), "CLIENT_ERROR line too long\r\n").unsure);
}

TEST_CASE("what leaves something older behind is known") {
  CHECK_FALSE(next(asked(Command::set), "STORED\r\n").older_remains);
  CHECK_FALSE(next(asked(Command::delete_), "NOT_FOUND\r\n").older_remains);
  CHECK(next(asked(Command::set), "SERVER_ERROR out of memory\r\n").older_remains);
  CHECK(next(asked(Command::ms), "NS\r\n").older_remains);
}

TEST_CASE("what is told instead of a reply repeats what was asked to be repeated, in its order") {
  CHECK(dialect().miss(asked(Command::get)) == "END\r\n");
  CHECK(dialect().miss(asked(Command::mg, "a", "v k O7")) == "EN ka O7\r\n");
  CHECK(dialect().miss(asked(Command::mg, "a", "O7 k v")) == "EN O7 ka\r\n");
  CHECK(dialect().miss(asked(Command::mg, "YQ==", "b k v")) == "EN kYQ== b\r\n");
  CHECK(dialect().miss(asked(Command::mg, "a", "v q")) == "");
  CHECK(dialect().unstored(asked(Command::set)) == "NOT_STORED\r\n");
  CHECK(dialect().unstored(asked(Command::incr)) == "NOT_FOUND\r\n");
  CHECK(dialect().unstored(asked(Command::ms, "a", "O7")) == "NS O7\r\n");
  CHECK(dialect().outdated(asked(Command::cas)) == "EXISTS\r\n");
  CHECK(dialect().outdated(asked(Command::ms, "a", "C1 k")) == "EX ka\r\n");
  CHECK(dialect().refusal("pool web has no server") ==
        "SERVER_ERROR ringway: pool web has no server\r\n");
}

TEST_CASE("a token is told with the mark of its server") {
  char out[64];
  const Bytes head = "VALUE a 0 1 17\r\n";
  const char* end = dialect().write_marked(head, token_mark(1), out);
  const std::string expected = "VALUE a 0 1 " + std::to_string(marked(17, token_mark(1))) + "\r\n";
  CHECK(Bytes(out, static_cast<std::size_t>(end - out)) == expected);
}

TEST_CASE("a removal is written as the key allows") {
  std::string space;
  std::string out(512, ' ');
  const auto written = [&](Bytes key) {
    const Request request = dialect().removal(key, space);
    return Bytes(out.data(),
                 static_cast<std::size_t>(dialect().write(request, out.data()) - out.data()));
  };
  CHECK(written("a") == "delete a\r\n");
  CHECK(written("a b") == "md YSBi b\r\n");
}

Greeted greeted(Bytes input) {
  Bytes says;
  return dialect().greeted(input, says);
}

TEST_CASE("a ringway that greets may be able to do nothing, or have no room for a connection") {
  CHECK(greeted("VERSION 1.6.18 ringway-1.0\r\n") == Greeted::as_ringway);
  CHECK(greeted("SERVER_ERROR ringway: too many clients\r\n") == Greeted::turned_away);
  Bytes says;
  CHECK(dialect().greeted("SERVER_ERROR ringway: pool a has none\r\n", says) == Greeted::unable);
  CHECK(says == "ringway: pool a has none");
}

TEST_CASE("what answers the greeting") {
  CHECK(greeted("VERS") == Greeted::more);
  CHECK(greeted("VERSION 1.6.18\r\n") == Greeted::ready);
  CHECK(greeted("ERROR\r\n") == Greeted::ready);
  CHECK(greeted("CLIENT_ERROR unauthenticated\r\n") == Greeted::wants_login);
  CHECK(greeted("ERROR Too many open connections\r\n") == Greeted::turned_away);
  CHECK(greeted("VERSION 1\r\nX") == Greeted::another);
  CHECK(greeted("+PONG\r\n") == Greeted::another);
}

TEST_CASE("there is a row for each protocol that is spoken") {
  CHECK(find_dialect("memcached")->name == "memcached");
  CHECK(find_dialect("redis") == nullptr);
}

}  // namespace
}  // namespace ringway::proto
