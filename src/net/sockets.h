// What the io_uring and the epoll Io do with sockets in the same way, because no
// operation of theirs is involved: making one, reading the clock, drawing a seed.
#pragma once

#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/io.h"

namespace ringway::net {

// A non-blocking stream socket with these options, or -errno.
int open_stream_socket(const Address& address, const SocketOptions& options);

// True for failures of accept() that concern one connection that is gone already,
// not the listener: the next one may be fine.
bool accept_goes_on(int error);

// Whether the kernel has bytes for whoever reads next.
bool has_arrived(int fd);

Instant monotonic_now();
// The time that this thread has had on a CPU.
Duration thread_cpu_time();
std::int64_t unix_seconds();
int own_process_id();
std::string peer_text(int fd);  // As Io::peer() has it.

std::uint64_t system_seed();

}  // namespace ringway::net
