// Durations, sizes, shares; ranges; nearest words; variables.
#include "ringway/config/units.h"

#include "config/nearest.h"
#include "config/range.h"
#include "config_test.h"

namespace ringway::config {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("durations have a unit, perhaps decimals") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("50us") == 50us);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("2d") == 48h);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text : {"", "5", "ms", "5 s", "-5s", "5sec", "1.5.5s", ".5s", "5.s", "1.2345s",
                           "99999999999999999999s", "300000d", "5S"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("durations print in the largest unit that fits") {
  CHECK(print_duration(90s) == "90s");
  CHECK(print_duration(5min) == "5m");
  CHECK(print_duration(1500ms) == "1500ms");
  CHECK(print_duration(0s) == "0s");
  CHECK(print_duration(1ns) == "1ns");
}

TEST_CASE("sizes are binary and have a unit") {
  CHECK(parse_size("16MiB") == 16 * MiB);
  CHECK(parse_size("0.5KiB") == 512u);
  CHECK(parse_size("64B") == 64u);
  CHECK_FALSE(parse_size("64").has_value());
  CHECK_FALSE(parse_size("64KB").has_value());
  CHECK_FALSE(parse_size("99999999TiB").has_value());
  CHECK(print_size(65 * MiB) == "65MiB");
  CHECK(print_size(1025) == "1025B");
}

TEST_CASE("shares are percentages") {
  CHECK(parse_share("10%") == 0.1);
  CHECK(parse_share("100%") == 1.0);
  CHECK(parse_share("0.5%") == 0.005);
  for (const char* text : {"", "%", "10", "101%", "-1%", "0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_share(text).has_value());
  }
}

TEST_CASE("every printed share parses to itself") {
  for (int thousandths = 0; thousandths <= 100'000; thousandths += 7) {
    const double share = thousandths / 100'000.0;
    CAPTURE(print_share(share));
    CHECK(parse_share(print_share(share)) == share);
  }
}

TEST_CASE("a range is as many strings as it has numbers") {
  CHECK(expand_ranges("mc-{0..2}.x") == Strings{"mc-0.x", "mc-1.x", "mc-2.x"});
  CHECK(expand_ranges("plain") == Strings{"plain"});
  CHECK(expand_ranges("{7..7}") == Strings{"7"});
}

TEST_CASE("a range keeps its zeros") {
  CHECK(expand_ranges("{08..11}") == Strings{"08", "09", "10", "11"});
  CHECK(expand_ranges("{0..1}") == Strings{"0", "1"});
}

TEST_CASE("several ranges multiply, the last runs fastest") {
  CHECK(expand_ranges("{a}").has_value() == false);
  CHECK(expand_ranges("r{1..2}-{0..1}") == Strings{"r1-0", "r1-1", "r2-0", "r2-1"});
}

TEST_CASE("what is no range is refused") {
  for (const char* text : {"{", "{}", "{1}", "{2..1}", "{1..}", "{..1}", "{-1..1}", "{1..2",
                           "{0..99999}", "{0..9999}{0..9999}", "{0..9999999999}"}) {
    CAPTURE(text);
    CHECK_FALSE(expand_ranges(text).has_value());
  }
}

TEST_CASE("the nearest word is the one a finger slipped from") {
  const std::string_view known[] = {"timeout", "servers", "hash", "hash_tag"};
  CHECK(nearest("timeuot", known) == "timeout");
  CHECK(nearest("server", known) == "servers");
  CHECK(nearest("hsah", known) == "hash");
  CHECK(nearest("hashtag", known) == "hash_tag");
  CHECK(nearest("elephant", known) == "");
}

TEST_CASE("variables are replaced in any text") {
  const auto zone = environment({{"ZONE", "east"}, {"EMPTY", ""}});
  const auto zone_of = [&](std::string_view value) {
    return loaded(with_pool("zone = \"" + std::string(value) + "\"\n"), zone).pools[0].zone;
  };
  CHECK(zone_of("${ZONE}") == "east");
  CHECK(zone_of("a-${ZONE}-${ZONE}") == "a-east-east");
  CHECK(zone_of("${NONE:-west}") == "west");
  CHECK(zone_of("${NONE:-}") == "");
  CHECK(zone_of("${EMPTY:-west}") == "");
  CHECK(zone_of("$${ZONE}") == "${ZONE}");
  CHECK(zone_of("$ZONE $") == "$ZONE $");
}

TEST_CASE("a variable cannot change the structure of the file") {
  const auto sly = environment({{"ZONE", "\"\nhash = \"md5"}});
  const auto result = load_text(with_pool("zone = \"${ZONE}\"\n"), "a.toml", sly);
  CHECK(all_text(result.problems).find("not plain UTF-8 text") != std::string::npos);
}

TEST_CASE("a variable that is not set is an error with its place") {
  CHECK(problems(with_pool("zone = \"${NOPE}\"\n"))
            .starts_with("a.toml:6:8: error: the variable NOPE is not set\n"));
  CHECK(problems(with_pool("zone = \"${\"\n")).starts_with("a.toml:6:8: error: '${' without"));
  CHECK(problems(with_pool("zone = \"${a b}\"\n")).starts_with("a.toml:6:8: error: '${a b}' does"));
}

}  // namespace
}  // namespace ringway::config
