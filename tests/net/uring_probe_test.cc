#include "net/uring_probe.h"

#include <cerrno>
#include <doctest/doctest.h>

namespace ringway::net {

static bool says(int error, const KernelFacts& facts, std::string_view words) {
  const std::string sentence = explain_refusal(error, facts);
  CAPTURE(sentence);
  CHECK(sentence.contains(words));
  return sentence.contains("to allow") || sentence.contains("to have");
}

const KernelFacts modern{.release = "6.18.1", .io_uring_disabled = 0, .io_uring_group = -1};

TEST_CASE("EPERM with the sysctl at 2 names the sysctl") {
  const KernelFacts facts{.release = "6.8.0", .io_uring_disabled = 2, .io_uring_group = -1};
  CHECK(says(EPERM, facts, "sysctl -w kernel.io_uring_disabled=0"));
}

TEST_CASE("EPERM with the sysctl at 1 names the group") {
  const KernelFacts facts{.release = "6.8.0", .io_uring_disabled = 1, .io_uring_group = 27};
  CHECK(says(EPERM, facts, "not in group 27"));
}

TEST_CASE("EPERM without the sysctl is a seccomp filter") {
  CHECK(says(EPERM, modern, "seccomp=configs/docker/seccomp-io_uring.json"));
  CHECK(says(EPERM, KernelFacts{.release = "6.1.0"}, "a seccomp filter"));
}

TEST_CASE("ENOSYS is an old kernel or a filter, and names the kernel") {
  CHECK(says(ENOSYS, KernelFacts{.release = "4.19.0-26-amd64"}, "Linux 4.19.0-26-amd64 has no"));
  CHECK(says(ENOSYS, KernelFacts{.release = "5.0.1"}, "Linux 6.0 or later"));
  CHECK(says(ENOSYS, modern, "Linux 6.18.1 says that there is no such call"));
}

TEST_CASE("every other refusal has its advice") {
  CHECK(says(ENOTSUP, KernelFacts{.release = "5.15.0"}, "Linux 5.15.0 lacks multishot"));
  CHECK(says(ENOMEM, modern, "LimitMEMLOCK=infinity"));
  CHECK(says(EMFILE, modern, "ulimit -n"));
  CHECK(explain_refusal(EIO, modern) == "the kernel says: Input/output error");
}

TEST_CASE("this machine's kernel has a release") {
  CHECK_FALSE(read_kernel_facts().release.empty());
}

}  // namespace ringway::net
