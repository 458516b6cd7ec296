// The few things the generator and the fake server both do with the system:
// addresses, sockets, a place on one core, a clock. Independent of ringway's own
// network code on purpose: a mistake there must not be able to hide here.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ringway::bench {

// An open file descriptor, or the sentence that says why there is none.
using Opened = std::expected<int, std::string>;

// "host:port", "[v6]:port" or "unix:/path". Blocks until connected, 5 s at most;
// the socket is non-blocking from then on.
Opened connect_to(const std::string& address);

// Non-blocking. A unix socket that nobody listens on any more is replaced.
Opened listen_on(const std::string& address);

// Runs this thread on one core only; negative leaves it free.
void pin_to_core(int core);

// As many open files as the hard limit allows.
void raise_file_limit();

std::int64_t now_ns();

// "32-1024" or "512"; false if it is neither or does not fit.
bool parse_size_range(std::string_view text, std::uint32_t& low, std::uint32_t& high);

}  // namespace ringway::bench
