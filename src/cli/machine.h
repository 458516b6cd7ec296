// What this process may use of the machine: CPUs by affinity and cgroup quota,
// memory by cgroup, file descriptors by limit. Read once at start.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringway::cli {

// At least 1: the CPUs of the affinity mask, fewer if the cgroup's quota is less.
std::uint32_t cpus_allowed();

// The cgroup's memory limit in bytes; none if there is no limit.
std::optional<std::uint64_t> memory_limit();

// Permissions that a new file gets. Only before there are other threads: what these opened
// meanwhile would be open to everybody.
std::uint32_t file_mode();

// Raises the soft limit to the hard one and returns it.
std::uint64_t raise_file_limit();

// "max 100000" or "150000 100000", as cgroup v2 writes cpu.max: whole CPUs, rounded
// up; none for "max".
std::optional<std::uint32_t> cpus_of_quota(std::string_view cpu_max);

}  // namespace ringway::cli
