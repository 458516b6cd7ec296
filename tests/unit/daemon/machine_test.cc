// What the system says of itself; of cgroups see cgroup_test.cc.
#include "daemon/machine.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace ringway::cli {
namespace {

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
