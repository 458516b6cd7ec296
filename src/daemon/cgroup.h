// The limits of the cgroup that this process is in: a container's, or those of a systemd unit.
// Looked at by the start and by each reload: of what a reload finds only the memory counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace ringway::cli {

struct CgroupLimits {
  std::optional<std::uint32_t> cpus;  // The quota in whole CPUs, rounded up.
  std::optional<std::uint64_t> memory_bytes;
};

// The lowest of its own limits and of those of every group above it, of version 2 and of
// version 1. `tree`: where cgroups are mounted; `self`: /proc/self/cgroup.
CgroupLimits cgroup_limits(const std::filesystem::path& tree, const std::filesystem::path& self);

// "max 100000" or "150000 100000", as version 2 writes cpu.max: whole CPUs, rounded up; none
// for "max".
std::optional<std::uint32_t> cpus_of_quota(std::string_view cpu_max);

}  // namespace ringway::cli
