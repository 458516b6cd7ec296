// The parts of the kernel's io_uring interface that Debian 12's liburing (2.3)
// does not name yet. Values come from the kernel's uapi header; each is used only
// where a feature bit says that the running kernel knows it.
#pragma once

#include <liburing.h>

namespace ringway::net::uring_abi {

// Linux 6.12: io_uring_getevents_arg::pad is `min_wait_usec`, the time that a wait
// for several completions goes on before it is content with one.
inline constexpr unsigned feat_min_timeout = 1U << 15;

inline void set_min_wait(io_uring_getevents_arg& arg, unsigned microseconds) {
  arg.pad = microseconds;
}

// Linux 6.0 brought multishot recv, which cannot be probed, and IORING_OP_SEND_ZC,
// which can: the one stands for the other, on kernels with backports too.
inline constexpr int op_as_new_as_multishot_recv = IORING_OP_SEND_ZC;

}  // namespace ringway::net::uring_abi
