// Each question goes to the system itself; only what it says of cgroups takes reading, and that
// is done elsewhere.
#include "daemon/machine.h"

#include <algorithm>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "daemon/cgroup.h"

namespace ringway::cli {
namespace {

CgroupLimits own_limits() {
  return cgroup_limits("/sys/fs/cgroup", "/proc/self/cgroup");
}

std::uint32_t cpus_of_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

}  // namespace

std::uint32_t cpus_allowed() {
  std::uint32_t cpus = cpus_of_affinity();
  if (const auto quota = own_limits().cpus) cpus = std::min(cpus, *quota);
  return std::max(cpus, 1u);
}

std::optional<std::uint64_t> memory_limit() {
  return own_limits().memory_bytes;
}

// The mask can only be read by setting it.
std::uint32_t file_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0777u & ~mask;
}

std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit wanted = limit;
    wanted.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_cur;
}

}  // namespace ringway::cli
