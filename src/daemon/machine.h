// What this process may use of the machine: CPUs by affinity and cgroup quota,
// memory by cgroup, file descriptors by limit. Read once at start.
#pragma once

#include <cstdint>
#include <optional>

namespace ringway::cli {

// At least 1: the CPUs of the affinity mask, fewer if the cgroup's quota is less.
std::uint32_t cpus_allowed();

// The lowest memory limit of its cgroup and of those above, in bytes; none if there is none.
std::optional<std::uint64_t> memory_limit();

// Permissions that a new file gets. Only before there are other threads: what these opened
// meanwhile would be open to everybody.
std::uint32_t file_mode();

// Raises the soft limit to the hard one and returns it.
std::uint64_t raise_file_limit();

}  // namespace ringway::cli
