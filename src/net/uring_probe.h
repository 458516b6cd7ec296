// Why the kernel refuses io_uring, in words an operator can act on. Deciding is
// apart from looking: explain_refusal() is a pure function of the error and of what
// the machine says about itself.
#pragma once

#include <optional>
#include <string>

namespace ringway::net {

struct KernelFacts {
  std::string release;                        // As uname says, for instance "6.1.0-18-amd64".
  std::optional<int> io_uring_disabled = {};  // kernel.io_uring_disabled; absent before 6.6.
  std::optional<long> io_uring_group = {};
};

KernelFacts read_kernel_facts();

// One sentence: what refuses it, and the line that would allow it.
std::string explain_refusal(int error, const KernelFacts& facts);

}  // namespace ringway::net
