// What a cgroup's CPU quota means in whole CPUs; the rest of machine.h only asks the
// system and is seen by end-to-end tests.
#include "cli/machine.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace ringway::cli {
namespace {

TEST_CASE("a quota of whole CPUs is that many") {
  CHECK(cpus_of_quota("100000 100000") == 1);
  CHECK(cpus_of_quota("400000 100000") == 4);
  CHECK(cpus_of_quota("100000 50000\n") == 2);
}

TEST_CASE("part of a CPU counts as one") {
  CHECK(cpus_of_quota("10000 100000") == 1);
  CHECK(cpus_of_quota("150000 100000") == 2);
  CHECK(cpus_of_quota("400001 100000") == 5);
}

TEST_CASE("no quota is no limit") {
  CHECK_FALSE(cpus_of_quota("max 100000").has_value());
}

TEST_CASE("what is no quota is no limit either") {
  for (const char* text : {"", "max", "100000", "x y", "0 100000", "100000 0"}) {
    CHECK_MESSAGE(!cpus_of_quota(text).has_value(), text);
  }
}

TEST_CASE("a new file gets what the umask leaves, and asking leaves the umask") {
  const mode_t before = ::umask(027);
  CHECK(file_mode() == 0750);
  CHECK(::umask(before) == 027);
}

TEST_CASE("there is always a CPU to run on") {
  CHECK(cpus_allowed() >= 1);
}

}  // namespace
}  // namespace ringway::cli
