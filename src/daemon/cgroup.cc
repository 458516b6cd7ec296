// /proc/self/cgroup has lines "0::/system.slice/ringway.service" (version 2) and
// "4:cpu,cpuacct:/docker/1f" (version 1, one tree for each controller). A container sees its own
// group as the root of the tree, whatever the path says: what is not there has no limit.
#include "daemon/cgroup.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace ringway::cli {
namespace {

using std::filesystem::path;

std::string first_line(const path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

struct Membership {
  std::string controllers;  // Empty: version 2.
  path group;
};

std::vector<Membership> memberships(const path& self) {
  std::vector<Membership> found{{"", "/"}, {"cpu", "/"}, {"memory", "/"}};
  std::ifstream file(self);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    found.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return found;
}

bool names(const std::string& controllers, const std::string& wanted) {
  return ("," + controllers + ",").find("," + wanted + ",") != std::string::npos;
}

template <typename Limit>
void lower(std::optional<Limit>& limit, std::optional<Limit> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

std::optional<std::uint64_t> bytes_of(const std::string& line) {
  std::istringstream text(line);
  std::uint64_t bytes = 0;
  // Version 1 writes a number near 2^63 for "no limit", version 2 "max".
  if (text >> bytes && bytes < (std::uint64_t{1} << 60)) return bytes;
  return std::nullopt;
}

std::optional<std::uint32_t> cpus_of_v1(const path& group) {
  const std::string quota = first_line(group / "cpu.cfs_quota_us");
  if (quota.starts_with("-")) return std::nullopt;
  return cpus_of_quota(quota + " " + first_line(group / "cpu.cfs_period_us"));
}

// From the root down to the group itself.
void each_level(const path& root, const path& group, const std::function<void(const path&)>& look) {
  path level = root;
  look(level);
  for (const path& part : group.relative_path()) {
    if (part == "..") return;  // Above what this process may see.
    look(level /= part);
  }
}

}  // namespace

std::optional<std::uint32_t> cpus_of_quota(std::string_view cpu_max) {
  std::istringstream words{std::string(cpu_max)};
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  if (!(words >> quota >> period) || quota == 0 || period == 0) return std::nullopt;
  return static_cast<std::uint32_t>((quota + period - 1) / period);
}

CgroupLimits cgroup_limits(const path& tree, const path& self) {
  CgroupLimits limits;
  for (const Membership& member : memberships(self)) {
    if (member.controllers.empty()) {
      each_level(tree, member.group, [&](const path& level) {
        lower(limits.cpus, cpus_of_quota(first_line(level / "cpu.max")));
        lower(limits.memory_bytes, bytes_of(first_line(level / "memory.max")));
      });
    }
    if (names(member.controllers, "cpu")) {
      each_level(tree / "cpu", member.group,
                 [&](const path& level) { lower(limits.cpus, cpus_of_v1(level)); });
    }
    if (names(member.controllers, "memory")) {
      each_level(tree / "memory", member.group, [&](const path& level) {
        lower(limits.memory_bytes, bytes_of(first_line(level / "memory.limit_in_bytes")));
      });
    }
  }
  return limits;
}

}  // namespace ringway::cli
