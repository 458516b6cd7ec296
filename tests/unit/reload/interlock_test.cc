// Which reloads are refused for what they would do to a pool's keys and servers.
#include "reload/interlock.h"

#include <doctest/doctest.h>

#include "configurations.h"
#include "reload/difference.h"

namespace ringway::reload {
namespace {

std::optional<std::string> refused(const std::string& before, const std::string& after) {
  const config::Config was = loaded(before);
  const config::Config is = loaded(after);
  return refusal(difference(was, is), was, is);
}

TEST_CASE("one server more or less of many is nobody's concern") {
  CHECK_FALSE(refused(web(1, 10), web(1, 11)));
  CHECK_FALSE(refused(web(1, 10), web(1, 9)));
  CHECK_FALSE(refused(web(1, 10), web(1, 10)));
}

TEST_CASE("a template that lost its servers is refused, and says what would have happened") {
  const auto why = refused(web(1, 10), web(1, 2));
  REQUIRE(why);
  CHECK(why->find("pool web: ") == 0);
  CHECK(why->find("% of the keys would move, more than max_moved = 50%") != why->npos);
}

TEST_CASE("max_moved of the new file is the limit") {
  CHECK(refused(web(1, 10), web(1, 9) + "[reload]\nmax_moved = \"5%\"\n"));
  CHECK_FALSE(refused(web(1, 10), web(1, 6) + "[reload]\nmax_moved = \"100%\"\n"));
}

TEST_CASE("more than half of the servers gone is refused, however few keys move") {
  // Those that go have hardly a key.
  const std::string heavy = listener("web", "\"127.0.0.1:11311\"") +
                            "[pool.web]\nservers = [\"10.0.0.1:11211:1000\", "
                            "\"10.0.0.2:11211\", \"10.0.0.3:11211\"]\n";
  const std::string alone =
      listener("web", "\"127.0.0.1:11311\"") + "[pool.web]\nservers = [\"10.0.0.1:11211:1000\"]\n";
  const auto why = refused(heavy, alone);
  REQUIRE(why);
  CHECK(why->find("2 of 3 servers would go") != why->npos);
}

// The heavy one has nearly all keys.
std::string one_heavy(const std::string& heavy, const std::string& light = "10.0.0") {
  return listener("web", "\"127.0.0.1:11311\"") + "[pool.web]\nservers = [\"" + heavy +
         ":11211:1000 a\", \"" + light + ".2:11211:1 b\", \"" + light + ".3:11211:1 c\"]\n";
}

TEST_CASE("a server at another address is gone, though its name keeps its keys") {
  const auto why = refused(one_heavy("10.0.0.1"), one_heavy("10.0.0.1", "10.0.9"));
  REQUIRE(why);
  CHECK(why->find("2 of 3 servers would go") != why->npos);
}

TEST_CASE("the keys of a server at another address count as moved: it is cold") {
  const auto why = refused(one_heavy("10.0.0.1"), one_heavy("10.0.9.1"));
  REQUIRE(why);
  CHECK(why->find("pool web: 99.8% of the keys would move") == 0);
  CHECK_FALSE(refused(web(1, 3), listener("web", "\"127.0.0.1:11311\"") +
                                     "[pool.web]\nservers = [\"10.0.0.9:11211:1 s1\", "
                                     "\"10.0.0.2:11211:1 s2\", \"10.0.0.3:11211:1 s3\"]\n"));
}

TEST_CASE("another hash tag is refused, though no key without one moves") {
  const auto why = refused(web(1, 4), web(1, 4, "hash_tag = \"{}\"\n"));
  REQUIRE(why);
  CHECK(why->find("pool web: its hash_tag changes, and keys that carry a tag would move") == 0);
  CHECK_FALSE(refused(web(1, 4, "hash_tag = \"{}\"\n"), web(1, 4, "hash_tag = \"{}\"\n")));
  CHECK_FALSE(refused(web(1, 4), web(1, 4, "hash_tag = \"{}\"\n[reload]\nmax_moved = \"100%\"\n")));
}

std::string with_backups(int servers, int backups, const std::string& port = "11211") {
  std::string list;
  for (int i = 1; i <= servers; ++i) list += "\"10.0.0." + std::to_string(i) + ":11211\", ";
  for (int i = 1; i <= backups; ++i) {
    list += "{ address = \"10.0.1." + std::to_string(i) + ":" + port + "\", name = \"b" +
            std::to_string(i) + "\", backup = true }, ";
  }
  return listener("web", "\"127.0.0.1:11311\"") + "[pool.web]\nservers = [" + list + "]\n";
}

TEST_CASE("backups own no keys: they may go, move, and make no pool larger") {
  CHECK_FALSE(refused(with_backups(3, 4), with_backups(3, 0)));
  CHECK_FALSE(refused(with_backups(3, 4), with_backups(3, 4, "11212")));
  CHECK_FALSE(refused(with_backups(2, 1), with_backups(1, 1)));
  const std::string all = "[reload]\nmax_moved = \"100%\"\n";
  const auto why = refused(with_backups(4, 4), with_backups(1, 4) + all);
  REQUIRE(why);
  CHECK(why->find("3 of 4 servers would go") != why->npos);
}

TEST_CASE("pools of two servers change by halves all the time") {
  CHECK_FALSE(refused(web(1, 2), web(1, 1)));
  CHECK_FALSE(refused(web(1, 1), web(1, 8)));
}

TEST_CASE("a pool that is removed or renamed as a whole does not count") {
  const std::string two = web(1, 4) + pool("old", 5, 9);
  CHECK_FALSE(refused(two, web(1, 4)));
  CHECK_FALSE(refused(two, web(1, 4) + pool("new", 5, 9)));
}

TEST_CASE("a listener that is led to another pool takes all its keys away from where they are") {
  const std::string both = pool("web", 1, 4) + pool("new", 11, 14);
  const auto led_to = [&](const std::string& name) {
    return listener("in", "\"127.0.0.1:11311\"", name) + both +
           listener("other", "\"127.0.0.1:11312\"", name == "web" ? "new" : "web");
  };
  const auto why = refused(led_to("web"), led_to("new"));
  REQUIRE(why);
  CHECK(why->find("listener in: 100.0% of the keys would move, as it leads to pool new and no more "
                  "to pool web, more than max_moved = 50%") != why->npos);
  CHECK_FALSE(refused(led_to("web"), led_to("new") + "[reload]\nmax_moved = \"100%\"\n"));
}

TEST_CASE("to a pool that has the same servers it takes none, or those that are hashed otherwise") {
  const auto before = listener("in", "\"127.0.0.1:11311\"") + pool("web", 1, 4);
  const auto renamed = listener("in", "\"127.0.0.1:11311\"", "new") + pool("new", 1, 4);
  CHECK_FALSE(refused(before, renamed));
  const auto why = refused(before, renamed + "hash = \"crc32\"\n");
  REQUIRE(why);
  CHECK(why->find("listener in: 7") == 0);
  const auto tagged = refused(before, renamed + "hash_tag = \"{}\"\n");
  REQUIRE(tagged);
  CHECK(tagged->find("keys that carry a tag would move") != tagged->npos);
}

TEST_CASE("a refusal prints the hash that allows just this file, and that hash does") {
  const auto why = refused(web(1, 10), web(1, 2));
  REQUIRE(why);
  const std::string hash = config::fingerprint(loaded(web(1, 2)));
  CHECK(why->find("accept_moved = \"" + hash + "\"") != why->npos);
  const std::string accepted = "[reload]\naccept_moved = \"" + hash + "\"\n";
  CHECK_FALSE(refused(web(1, 10), web(1, 2) + accepted));
  CHECK(refused(web(1, 10), web(1, 3) + accepted));
}

TEST_CASE("the hash is that of what the file means, without [reload] and places") {
  CHECK(config::fingerprint(loaded(web(1, 3))) ==
        config::fingerprint(loaded("# a comment\n\n" + web(1, 3) + "[reload]\nwatch = \"5s\"\n")));
  CHECK(config::fingerprint(loaded(web(1, 3))) != config::fingerprint(loaded(web(1, 4))));
}

}  // namespace
}  // namespace ringway::reload
