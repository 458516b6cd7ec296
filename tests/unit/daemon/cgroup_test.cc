// Limits of cgroups in trees as systemd, containers and version 1 make them, and what a CPU quota
// means in whole CPUs.
#include "daemon/cgroup.h"

#include <doctest/doctest.h>
#include <string>

#include "../folder.h"

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

class Tree {
 public:
  void write(const std::string& file, const std::string& text) {
    folder_.write("tree/" + file, text + "\n");
  }

  CgroupLimits of(const std::string& self) {
    const std::filesystem::path file = folder_.write("self", self);
    return cgroup_limits(file.parent_path() / "tree", file);
  }

 private:
  testing::Folder folder_;
};

TEST_CASE("a unit of systemd has the limits of its own group") {
  Tree tree;
  tree.write("system.slice/ringway.service/memory.max", "1073741824");
  tree.write("system.slice/ringway.service/cpu.max", "150000 100000");
  tree.write("system.slice/memory.max", "max");
  const CgroupLimits limits = tree.of("0::/system.slice/ringway.service\n");
  CHECK(limits.memory_bytes == 1073741824);
  CHECK(limits.cpus == 2);
  CHECK_FALSE(tree.of("0::/system.slice/other.service\n").memory_bytes.has_value());
}

TEST_CASE("a lower limit of a group above holds") {
  Tree tree;
  tree.write("small.slice/ringway.service/memory.max", "5000");
  tree.write("small.slice/ringway.service/cpu.max", "max 100000");
  tree.write("small.slice/memory.max", "4000");
  tree.write("small.slice/cpu.max", "300000 100000");
  const CgroupLimits limits = tree.of("0::/small.slice/ringway.service\n");
  CHECK(limits.memory_bytes == 4000);
  CHECK(limits.cpus == 3);
}

TEST_CASE("a container sees its own group as the root, whatever its path is outside") {
  Tree tree;
  tree.write("memory.max", "6000");
  tree.write("cpu.max", "100000 100000");
  for (const char* self : {"0::/\n", "0::/../other\n", "0::/docker/1f\n", ""}) {
    CAPTURE(self);
    CHECK(tree.of(self).memory_bytes == 6000);
    CHECK(tree.of(self).cpus == 1);
  }
}

TEST_CASE("version 1 has a tree for each controller") {
  Tree tree;
  tree.write("memory/docker/1f/memory.limit_in_bytes", "7000");
  tree.write("memory/memory.limit_in_bytes", "9223372036854771712");
  tree.write("cpu/docker/1f/cpu.cfs_quota_us", "250000");
  tree.write("cpu/docker/1f/cpu.cfs_period_us", "100000");
  tree.write("cpu/cpu.cfs_quota_us", "-1");
  tree.write("cpu/cpu.cfs_period_us", "100000");
  const CgroupLimits limits =
      tree.of("12:cpuset:/\n4:cpu,cpuacct:/docker/1f\n3:memory:/docker/1f\n1:name=systemd:/x\n");
  CHECK(limits.memory_bytes == 7000);
  CHECK(limits.cpus == 3);
}

TEST_CASE("where there is nothing there is no limit") {
  Tree tree;
  const CgroupLimits limits = tree.of("0::/a/b\nnonsense\n5:\n::\n");
  CHECK_FALSE(limits.memory_bytes.has_value());
  CHECK_FALSE(limits.cpus.has_value());
}

}  // namespace
}  // namespace ringway::cli
