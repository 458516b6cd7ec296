// Each refusal is one sentence that ends in what would allow it. An error nobody
// foresaw is told in the kernel's own words.
#include "net/uring_probe.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sys/utsname.h>

namespace ringway::net {
namespace {

std::optional<long> read_number(const char* path) {
  std::ifstream file(path);
  long number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

constexpr const char* seccomp_line =
    "allow io_uring_setup, io_uring_enter and io_uring_register in it "
    "(Docker: --security-opt seccomp=configs/docker/seccomp-io_uring.json)";

std::string explain_eperm(const KernelFacts& facts) {
  const int disabled = facts.io_uring_disabled.value_or(0);
  if (disabled == 2) {
    return "kernel.io_uring_disabled is 2; to allow it: sysctl -w kernel.io_uring_disabled=0";
  }
  if (disabled == 1) {
    return "kernel.io_uring_disabled is 1 and this process is not in group " +
           std::to_string(facts.io_uring_group.value_or(-1)) +
           " (kernel.io_uring_group); to allow it: sysctl -w kernel.io_uring_disabled=0, or "
           "sysctl -w kernel.io_uring_group=GID with a group of this process";
  }
  return std::string("a seccomp filter forbids it; to allow it: ") + seccomp_line;
}

// True if this kernel's own version has io_uring (5.1 and later).
bool new_enough_for_any(const std::string& release) {
  int major = 0;
  int minor = 0;
  const char* end = release.data() + release.size();
  const auto dot = std::from_chars(release.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  return major > 5 || (major == 5 && minor >= 1);
}

std::string explain_enosys(const KernelFacts& facts) {
  if (!new_enough_for_any(facts.release)) {
    return "Linux " + facts.release + " has no io_uring; to have it: Linux 6.0 or later";
  }
  return "Linux " + facts.release +
         " says that there is no such call: it was built without, or a seccomp filter hides it; "
         "to allow it: " +
         seccomp_line;
}

}  // namespace

KernelFacts read_kernel_facts() {
  KernelFacts facts;
  utsname name{};
  if (::uname(&name) == 0) facts.release = name.release;
  if (const auto disabled = read_number("/proc/sys/kernel/io_uring_disabled")) {
    facts.io_uring_disabled = static_cast<int>(*disabled);
  }
  facts.io_uring_group = read_number("/proc/sys/kernel/io_uring_group");
  return facts;
}

std::string explain_refusal(int error, const KernelFacts& facts) {
  switch (error) {
    case EPERM:
    case EACCES: return explain_eperm(facts);
    case ENOSYS: return explain_enosys(facts);
    case ENOTSUP:
      return "Linux " + facts.release +
             " lacks multishot receives or buffer rings; to have them: Linux 6.0 or later";
    case ENOMEM:
      return "it found no memory; to allow more: ulimit -l unlimited (systemd: "
             "LimitMEMLOCK=infinity), or a higher memory limit of the cgroup";
    case EMFILE:
    case ENFILE: return "no file descriptors are left; to allow more: ulimit -n 65536";
    default: return std::string("the kernel says: ") + std::strerror(error);
  }
}

}  // namespace ringway::net
