// A send on its way: what is left of its parts, where the kernel may look at it
// until it is done. Lives in a Slab, so that its address is stable and a worker in
// steady state allocates nothing. The bytes themselves stay the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/io.h"

namespace ringway::net {

// Invariant: parts[first..count) is what is left, none of it empty;
// sent + the bytes of those parts == total.
struct SendOperation {
  std::array<iovec, Io::send_parts_max> parts;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::size_t sent = 0;
  std::size_t total = 0;
  msghdr header{};

  explicit SendOperation(std::span<const Bytes> bytes);
  void advance(std::size_t bytes);  // The first `bytes` of what is left are gone.
  bool done() const { return sent == total; }
  bool single() const { return count - first == 1; }
  msghdr* message();  // What is left, for sendmsg.
};

}  // namespace ringway::net
