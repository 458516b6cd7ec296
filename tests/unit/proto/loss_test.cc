// What a lost request leaves behind at its server.
#include "ringway/proto/memcached/loss.h"

#include <doctest/doctest.h>
#include <string>

namespace ringway::proto::memcached {
namespace {

IfLost lost(const std::string& text) {
  ParsedRequest parsed;
  parse_request(text, {}, parsed);
  REQUIRE(parsed.status == RequestStatus::complete);
  return parsed.request.if_lost;
}

TEST_CASE("what replaces or removes a value is owed if it is lost") {
  for (const char* text :
       {"set k 0 0 1\r\nx\r\n", "replace k 0 0 1 noreply\r\nx\r\n", "delete k\r\n",
        "delete k noreply\r\n", "ms k 1\r\nx\r\n", "ms k 1 T30 MS q\r\nx\r\n", "ms k 1 MR\r\nx\r\n",
        "md k\r\n", "md k q\r\n", "md a2V5 b\r\n", "ms k 1 I\r\nx\r\n"}) {
    CAPTURE(text);
    CHECK(lost(text) == IfLost::owed);
  }
}

TEST_CASE("a delete that only marks what is there as old is owed, and settles nothing else") {
  CHECK(lost("md k I\r\n") == IfLost::owed_marked);
  CHECK(lost("md k T30 I q\r\n") == IfLost::owed_marked);
  CHECK(lost("md k I C9\r\n") == IfLost::no_older);
}

TEST_CASE("a part that is missing is owed if nobody was told") {
  for (const char* text : {"append k 0 0 1\r\nx\r\n", "prepend k 0 0 1\r\nx\r\n",
                           "ms k 1 MA\r\nx\r\n", "ms k 1 T0 MP\r\nx\r\n"}) {
    CAPTURE(text);
    CHECK(lost(text) == IfLost::owed_untold);
  }
}

TEST_CASE("what leaves nothing older behind is never owed: others' locks and counters stay") {
  for (const char* text :
       {"add k 0 0 1\r\nx\r\n", "cas k 0 0 1 9\r\nx\r\n", "ms k 1 ME\r\nx\r\n",
        "ms k 1 C9\r\nx\r\n", "ms k 1 C9 MA\r\nx\r\n", "md k C9\r\n", "md k E7\r\n", "incr k 1\r\n",
        "decr k 1 noreply\r\n", "ma k\r\n", "touch k 1\r\n", "gat 1 k\r\n"}) {
    CAPTURE(text);
    CHECK(lost(text) == IfLost::no_older);
  }
}

TEST_CASE("what reads changes nothing") {
  for (const char* text : {"get k\r\n", "gets k\r\n", "mg k v\r\n", "me k\r\n"}) {
    CAPTURE(text);
    CHECK(lost(text) == IfLost::nothing);
  }
}

TEST_CASE("only an error leaves the old value, and a meta set that was not stored may") {
  CHECK(leaves_nothing_older(ReplyKind::stored));
  CHECK(leaves_nothing_older(ReplyKind::not_stored));
  CHECK(leaves_nothing_older(ReplyKind::not_found));
  CHECK_FALSE(leaves_nothing_older(ReplyKind::ns));
  CHECK_FALSE(leaves_nothing_older(ReplyKind::server_error));
}

}  // namespace
}  // namespace ringway::proto::memcached
