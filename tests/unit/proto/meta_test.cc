// Meta requests: flags, opaque tokens, encoded keys, and the payload of a wrong ms.
#include <array>
#include <doctest/doctest.h>
#include <string>

#include "feeder.h"

namespace ringway::proto::memcached {
namespace {

const std::string bad_format = "CLIENT_ERROR bad command line format\r\n";
const std::string bad_token = "CLIENT_ERROR bad token in command line format\r\n";

std::string decoded(Bytes encoded) {
  std::array<char, key_bytes_max> key;
  std::size_t size = 0;
  return decode_key(encoded, key.data(), size) ? std::string(key.data(), size) : "refused";
}

// The error that ms with these flags gets; its payload must be gone with it.
std::string ms_error(const std::string& flags) {
  const std::string answer = answers_to("ms a 2 " + flags + "\r\nhi\r\nmn\r\n");
  REQUIRE(answer.ends_with("<mn>"));
  return answer.substr(0, answer.size() - 4);
}

TEST_CASE("ms takes every documented flag") {
  CHECK(ms_error("c C1 F3 I k L M N4 O5 P q s T6") ==
        "CLIENT_ERROR incorrect length for M token\r\n");
  CHECK(ms_error("c C1 F3 I k L MA N4 O5 P q s T6") ==
        "<ms key=a flags=3 exptime=6 cas=1 cas_given wants_key once opaque=5 quiet "
        "tokens=c C1 F3 I k L MA N4 O5 P q s T6 value=hi>");
}

TEST_CASE("ms refuses flags that not every server knows, and swallows its payload") {
  for (const char* flag :
       {"z", "v", "t", "h", "S2", "2", "!", "\x80", "R5", "D1", "J1", "E2", "x"}) {
    CHECK(ms_error(flag) == "CLIENT_ERROR invalid flag\r\n");
  }
}

TEST_CASE("ms checks the numbers in its flags") {
  for (const char* flag : {"T", "Tx", "T0x5", "T+1", "T9223372036854775808", "N9223372036854775808",
                           "N", "Nx", "C-1", "Cx", "C", "C18446744073709551616"}) {
    CAPTURE(flag);
    CHECK(ms_error(flag) == bad_token);
  }
  for (const char* flag : {"F", "Fx", "F-1", "F18446744073709551616"}) {
    CHECK(ms_error(flag) == bad_format);
  }
}

TEST_CASE("ms takes times of 64 bits, as memcached does, which keeps the low 32") {
  for (const char* flag : {"T2147483648", "N4294967296", "T99999999999", "T9223372036854775807",
                           "T-9223372036854775808"}) {
    CAPTURE(flag);
    CHECK(ms_error(flag).starts_with("<ms key=a"));
  }
}

TEST_CASE("ms knows five modes, in capitals as memcached 1.6.18 does") {
  const std::string unknown = "CLIENT_ERROR invalid mode for ms M token\r\n";
  for (const char* mode : {"ME", "MA", "MP", "MR", "MS"}) {
    CHECK(ms_error(mode).starts_with("<ms key=a"));
  }
  for (const char* mode : {"MX", "Ms", "Ma"}) CHECK(ms_error(mode) == unknown);
  CHECK(ms_error("MSET") == "CLIENT_ERROR incorrect length for M token\r\n");
}

TEST_CASE("of several errors in one line the one is told that memcached tells") {
  CHECK(ms_error("MX Tx k k") == "CLIENT_ERROR duplicate flag\r\n");
  CHECK(ms_error("MX Tx") == bad_token);
  CHECK(ms_error("b Tx") == bad_token);
  CHECK(ms_error("Tx M") == "CLIENT_ERROR incorrect length for M token\r\n");
  CHECK(ms_error("O" + std::string(32, 'x') + " MX") ==
        "CLIENT_ERROR invalid mode for ms M token\r\n");
}

TEST_CASE("a wrong ms swallows its payload whenever its size can be read") {
  CHECK(ms_error("k k q") == "CLIENT_ERROR duplicate flag\r\n");
  std::string many;
  for (char flag = 'A'; flag < 'A' + 21; ++flag) many += std::string(" ") + flag;
  CHECK(ms_error(many).starts_with("CLIENT_ERROR invalid flag"));
  const std::string long_key = "ms " + std::string(251, 'k') + " 2\r\nhi\r\nmn\r\n";
  CHECK(answers_to(long_key) == bad_format + "<mn>");
  CHECK(answers_to("ms a -1\r\nmn\r\n") == bad_format + "<mn>");
  CHECK(answers_to("ms a 2147483646\r\nmn\r\n") == bad_format + "<mn>");
}

TEST_CASE("ms too large is refused even when quiet, and unlinks what it would replace") {
  const auto too_large = [](Bytes line) {
    ParsedRequest out;
    parse_request(line, {.value_max = 3}, out);
    CHECK(out.error == "SERVER_ERROR object too large for cache");
    CHECK(out.swallow == 6);
    return out;
  };
  CHECK(too_large("ms a 4 q\r\n").unlink_key == "a");
  CHECK(too_large("ms a 4 MS\r\n").unlink_key == "a");
  CHECK(too_large("ms a 4 MA\r\n").unlink_key.empty());
  CHECK(too_large("ms YQ== 4 b\r\n").request.base64);
}

TEST_CASE("N creates no item with a binary key, which servers would write raw into replies") {
  const std::string refusal = "CLIENT_ERROR ringway: N cannot create an item with a binary key\r\n";
  for (const char* key : {"YQ0K", "YSBi", "AA==", "fw=="}) {  // a\r\n, "a b", 0, 127
    CAPTURE(key);
    CHECK(answers_to("mg " + std::string(key) + " N0 b\r\n") == refusal);
    CHECK(answers_to("ma " + std::string(key) + " b k N0\r\n") == refusal);
    CHECK(answers_to("mg " + std::string(key) + " b k\r\n").starts_with("<mg"));
  }
  CHECK(answers_to("mg YQ== N0 b\r\n").starts_with("<mg"));
  CHECK(answers_to("mg YSBi N0\r\n").starts_with("<mg"));
}

TEST_CASE("what would make a server forget that a key is binary is refused") {
  const std::string refusal =
      "CLIENT_ERROR ringway: ma, append and prepend cannot change an item with a binary key\r\n";
  for (const char* key : {"YQ0K", "YSBi", "AA=="}) {
    CAPTURE(key);
    CHECK(answers_to("ma " + std::string(key) + " b\r\n") == refusal);
    CHECK(answers_to("ma " + std::string(key) + " D5 b v\r\n") == refusal);
    for (const char* mode : {"MA", "MP"}) {
      const std::string line = "ms " + std::string(key) + " 1 b " + mode + "\r\nx\r\n";
      CHECK(answers_to(line) == refusal);
    }
    CHECK(answers_to("ms " + std::string(key) + " 1 b MS\r\nx\r\n").starts_with("<ms"));
  }
  CHECK(answers_to("ma YQ== b\r\n").starts_with("<ma"));
  CHECK(answers_to("ms YQ== 1 b MA\r\nx\r\n").starts_with("<ms"));
}

TEST_CASE("commands without payload pass letters on that ringway does not know") {
  CHECK(answers_to("mg a z Q5 x\r\n") == "<mg key=a tokens=z Q5 x>");
  CHECK(answers_to("ma n Dx\r\n") == "<ma key=n tokens=Dx>");
  CHECK(answers_to("md a x I\r\n") == "<md key=a tokens=x I>");
}

TEST_CASE("a letter twice, a sign or a control character is no flag") {
  CHECK(answers_to("mg a q q\r\n") == "CLIENT_ERROR duplicate flag\r\n");
  CHECK(answers_to("mg k m o o o\r\n") == "CLIENT_ERROR invalid flag\r\n");
  CHECK(answers_to("mg k k m k\r\n") == "CLIENT_ERROR invalid flag\r\n");
  CHECK(answers_to("mg k v v m\r\n") == "CLIENT_ERROR duplicate flag\r\n");
  CHECK(answers_to("mg a 5\r\n") == "CLIENT_ERROR invalid flag\r\n");
  CHECK(answers_to(std::string("mg a O\0x\r\n", 10)) == "CLIENT_ERROR invalid flag\r\n");
  for (const char* line : {"md n q q\r\n", "ma n !\r\n", "md n!! b\r\n"}) {
    CHECK(answers_to(line) == "CLIENT_ERROR invalid or duplicate flag\r\n");
  }
}

TEST_CASE("twenty flags pass, one more does not") {
  std::string flags;
  for (char flag = 'c'; flag < 'c' + 20; ++flag) flags += std::string(" ") + flag;
  CHECK(answers_to("mg a" + flags + "\r\n").starts_with("<mg key=a"));
  CHECK(answers_to("mg a" + flags + " A\r\n") == "CLIENT_ERROR options flags are too long\r\n");
  CHECK(answers_to("md a" + flags + " A\r\n") == "CLIENT_ERROR options flags too long\r\n");
}

TEST_CASE("an opaque token has at most 32 bytes, its letter included") {
  CHECK(answers_to("mg a O" + std::string(31, 'x') + "\r\n").starts_with("<mg key=a opaque="));
  for (const char* command : {"mg a", "md a", "ma a"}) {
    CHECK(answers_to(std::string(command) + " O" + std::string(32, 'x') + "\r\n") ==
          "CLIENT_ERROR opaque token too long\r\n");
  }
}

TEST_CASE("an mg that changes something is asked only once") {
  for (const char* flag : {"N30", "R30", "E5", "T10"}) {
    CHECK(answers_to("mg a v " + std::string(flag) + "\r\n").find(" once") != Bytes::npos);
  }
  CHECK(answers_to("mg a v s k\r\n").find(" once") == Bytes::npos);
}

TEST_CASE("encoded keys decode in one way only") {
  CHECK(decoded("YQ==") == "a");
  CHECK(decoded("YWI=") == "ab");
  CHECK(decoded("YWJj") == "abc");
  CHECK(decoded("AAECAw==") == std::string("\0\1\2\3", 4));
  CHECK(decoded("/+8=") == "\xff\xef");
  for (const char* wrong : {"", "=", "==", "====", "Y===", "YQ",
                            "YQ=", "YR==", "YWJ=", "YQ==YQ==", "en!p", "Y Q=", "YWJjZ"}) {
    CAPTURE(wrong);
    CHECK(decoded(wrong) == "refused");
  }
}

TEST_CASE("an encoded key is at most 250 bytes in the line") {
  std::string encoded;
  for (int group = 0; group < 62; ++group) encoded += "YWFh";
  CHECK(answers_to("mg " + encoded + " b\r\n").starts_with("<mg key=YWFh"));
  CHECK(answers_to("mg " + encoded + "YWFh b\r\n") == bad_format);
}

TEST_CASE("me takes one key and b, any error is the same error") {
  CHECK(answers_to("me YQ== b\r\n") == "<me key=YQ== base64 tokens=b>");
  for (const char* line : {"me\r\n", "me n!! b\r\n", "me n!! b c\r\n"}) {
    CHECK(answers_to(line) == bad_format);
  }
}

TEST_CASE("what stands behind the key of me, and its b, asks for nothing") {
  for (const char* rest : {"O1", "k", "q", "v", "k b", "!", "O1 O1", "zz b"}) {
    CAPTURE(rest);
    CHECK(answers_to("me a " + std::string(rest) + "\r\n") == "<me key=a>");
    CHECK(answers_to("me YQ== b " + std::string(rest) + "\r\n") == "<me key=YQ== base64 tokens=b>");
  }
}

TEST_CASE("a meta command needs its key") {
  for (const char* line : {"mg\r\n", "ms\r\n", "md\r\n", "ma\r\n"}) {
    CHECK(answers_to(line) == "ERROR\r\n");
  }
  CHECK(answers_to("mn\r\n") == "<mn>");
}

}  // namespace
}  // namespace ringway::proto::memcached
