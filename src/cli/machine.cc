// cgroup v2 shows a container its own limits under /sys/fs/cgroup; v1 is asked for
// its CPU quota and memory limit in their old places.
#include "cli/machine.h"

#include <algorithm>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

namespace ringway::cli {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<std::uint32_t> cpus_of_cgroup() {
  if (const std::string line = first_line("/sys/fs/cgroup/cpu.max"); !line.empty()) {
    return cpus_of_quota(line);
  }
  const std::string quota = first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const std::string period = first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota.empty() || quota.starts_with("-")) return std::nullopt;
  return cpus_of_quota(quota + " " + period);
}

std::uint32_t cpus_of_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

}  // namespace

std::optional<std::uint32_t> cpus_of_quota(std::string_view cpu_max) {
  std::istringstream words{std::string(cpu_max)};
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  if (!(words >> quota >> period) || quota == 0 || period == 0) return std::nullopt;
  return static_cast<std::uint32_t>((quota + period - 1) / period);
}

std::uint32_t cpus_allowed() {
  std::uint32_t cpus = cpus_of_affinity();
  if (const auto quota = cpus_of_cgroup()) cpus = std::min(cpus, *quota);
  return std::max(cpus, 1u);
}

std::optional<std::uint64_t> memory_limit() {
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::istringstream line(first_line(path));
    std::uint64_t bytes = 0;
    // Version 1 writes a number near 2^63 for "no limit".
    if (line >> bytes && bytes < (std::uint64_t{1} << 60)) return bytes;
  }
  return std::nullopt;
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
