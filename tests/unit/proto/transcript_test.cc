// What a memcached 1.6.18 answered, line by line, against what the parser makes of
// the same bytes: errors to the letter, valid requests in angle brackets. Where
// memcached would read a payload as commands (its second ERROR), ringway swallows
// it: those lines say so.
#include <doctest/doctest.h>
#include <string>

#include "feeder.h"

namespace ringway::proto::memcached {
namespace {

const std::string long_key(251, 'k');

struct Exchange {
  std::string sent;
  std::string answered;
};

void check(const std::vector<Exchange>& exchanges) {
  for (const Exchange& exchange : exchanges) {
    CAPTURE(exchange.sent);
    CHECK(answers_to(exchange.sent) == exchange.answered);
  }
}

const std::string error = "ERROR\r\n";
const std::string bad_format = "CLIENT_ERROR bad command line format\r\n";
const std::string bad_exptime = "CLIENT_ERROR invalid exptime argument\r\n";
const std::string bad_chunk = "CLIENT_ERROR bad data chunk\r\n";
const std::string version = "<version>";

TEST_CASE("meta commands of the transcript") {
  check({
      {"md nokey q\r\nmn\r\n", "<md key=nokey quiet tokens=q><mn>"},
      {"md nokey q O12 k\r\n", "<md key=nokey wants_key opaque=12 quiet tokens=q O12 k>"},
      {"mg nokey v O12 k\r\n", "<mg key=nokey wants_value wants_key opaque=12 tokens=v O12 k>"},
      {"ma nokey q\r\nmn\r\n", "<ma key=nokey quiet tokens=q><mn>"},
      {"ms a 2 q\r\nhi\r\nms a 2 q ME\r\nho\r\nmn\r\n",
       "<ms key=a quiet tokens=q value=hi><ms key=a quiet tokens=q ME value=ho><mn>"},
      {"ms a S2\r\nhi\r\n", bad_format + error},
      {"ms a 2 O9 k c b\r\nhi\r\n", "CLIENT_ERROR error decoding key\r\n"},
      {"mg YQ== b k v O77\r\n",
       "<mg key=YQ== base64 wants_value wants_key opaque=77 tokens=b k v O77>"},
      {"mg !!! b k v\r\n", "CLIENT_ERROR error decoding key\r\n"},
      {"mg a v v\r\n", "CLIENT_ERROR duplicate flag\r\n"},
      {"mg a !\r\n", "CLIENT_ERROR invalid flag\r\n"},
      {"mg a O" + std::string(33, 'x') + "\r\n", "CLIENT_ERROR opaque token too long\r\n"},
      {"mg " + long_key + "\r\n", bad_format},
      {"mn foo\r\n", "<mn argument=foo>"},
      {"me a\r\n", "<me key=a>"},
      {"mg\r\n", error},
      {"ms a\r\n", bad_format},
  });
}

TEST_CASE("classic errors of the transcript") {
  check({
      {"get a " + long_key + " a\r\n", bad_format},
      {"set a 0 0 2\r\nhiX\r\nversion\r\n", bad_chunk + error + version},
      {"set a 0 0 5\r\nhi\r\nget a\r\n", bad_chunk + error},
      {"set a 0 0 -1\r\nhi\r\n", bad_format + error},
      {"set a 0 0\r\n", error},
      {"get\r\n", error},
      {"gets\r\n", error},
      {"\r\n", error},
      {" \r\n", error},
      {"foo\r\n", error},
      {"GET a\r\n", error},
      {"misbehave\r\n", error},
      {"shutdown\r\n", "ERROR: shutdown not enabled\r\n"},
      {"delete k 5\r\n",
       "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"},
      {"incr a xx\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"},
      {"incr a xx noreply\r\nversion\r\n", version},
      {"gat a\r\n", bad_exptime},
      {"gat 0\r\n", "END\r\n"},
      {"verbosity\r\n", error},
      {"verbosity foo\r\n", bad_format},
      {"flush_all abc\r\n", bad_exptime},
      {"stats foo\r\n", error},
      {"stats detail\r\n", "CLIENT_ERROR usage: stats detail on|off|dump\r\n"},
  });
}

TEST_CASE("valid classic lines of the transcript") {
  check({
      {"get a\n", "<get key=a>"},
      {"get a \r\n", "<get key=a>"},
      {"get a HTTP/1.1\r\n", "<get key=a key=HTTP/1.1>"},
      {"delete k 0\r\n", "<delete key=k>"},
      {"delete k 0 noreply\r\n", "<delete key=k noreply>"},
      {"delete k noreply\r\n", "<delete key=k noreply>"},
      {"incr a 1\r\n", "<incr key=a delta=1>"},
      {"incr a 1 noreply\r\n", "<incr key=a delta=1 noreply>"},
      {"touch nokey 0\r\n", "<touch key=nokey>"},
      {"touch a 0 noreply\r\n", "<touch key=a noreply>"},
      {"gat 0 a b\r\n", "<gat key=a key=b>"},
      {"gats 7 a\r\n", "<gats key=a exptime=7>"},
      {"verbosity 1\r\n", "<verbosity argument=1>"},
      {"verbosity 1 noreply\r\n", "<verbosity noreply argument=1 noreply>"},
      {"flush_all\r\n", "<flush_all>"},
      {"flush_all 0 noreply\r\n", "<flush_all noreply argument=0 noreply>"},
      {"flush_all noreply\r\n", "<flush_all noreply argument=noreply>"},
      {"flush_all -1\r\n", "<flush_all exptime=-1 argument=-1>"},
      {"version foo\r\n", "<version argument=foo>"},
      {"quit foo\r\n", "<quit argument=foo>"},
      {"cas zz 0 0 2 1\r\nhi\r\n", "<cas key=zz cas=1 cas_given value=hi>"},
      {"append nokey 0 0 2\r\nhi\r\n", "<append key=nokey value=hi>"},
      {"set x 4294967296 0 2\r\nhi\r\n", "<set key=x flags=4294967296 value=hi>"},
      {"set x 0 99999999999 2\r\nhi\r\n", "<set key=x exptime=99999999999 value=hi>"},
      {"set c 0 0 0\r\n\r\nget c\r\n", "<set key=c value=><get key=c>"},
  });
}

TEST_CASE("a value too large is swallowed, and silently so with noreply") {
  const std::string large(1024 * 1024 + 1, 'x');
  const std::string line = "set a 0 0 " + std::to_string(large.size());
  const std::string too_large = "SERVER_ERROR object too large for cache";
  CHECK(answers_to(line + "\r\n" + large + "\r\nget a\r\n") == too_large + "\r\n<get key=a>");
  CHECK(answers_to(line + " noreply\r\n" + large + "\r\nversion\r\n") == version);
}

TEST_CASE("a bad chunk is silent with noreply, but never for ms") {
  check({
      {"set a 0 0 2 noreply\r\nhiX\r\nversion\r\n", error + version},
      {"ms a 2 q\r\nhiX\r\nmn\r\n", bad_chunk + error + "<mn>"},
  });
}

TEST_CASE("where memcached 1.6.18 runs the payload of a refused line, it is swallowed") {
  check({
      {"set " + long_key + " 0 0 2\r\nhi\r\nget a\r\n", bad_format + "<get key=a>"},
      {"set a b 0 2\r\nhi\r\n", bad_format},
      {"cas a 0 0 2\r\nhi\r\n", error},
      {"cas a 0 0 2 abc\r\nhi\r\n", bad_format},
      {"ms " + long_key + " 2\r\nhi\r\nmn\r\n", bad_format + "<mn>"},
      {"ms a abc\r\nhi\r\n", bad_format + error},
  });
}

TEST_CASE("lines without end and lines of HTTP close") {
  check({
      {std::string(3000, 'x'), "CLOSED"},
      {"get " + std::string(3000, 'x'), ""},
      {"GET / HTTP/1.0\r\nget a\r\n", "CLOSED"},
      {"foo bar HTTP/1.1\r\n", "CLOSED"},
      {"HTTP/1.1\r\n", "CLOSED"},
      {"HTTP\r\n", error},
  });
}

}  // namespace
}  // namespace ringway::proto::memcached
