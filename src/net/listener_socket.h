// Opens what the router listens on. Done once per address, at the start by main's
// thread, at a reload by one of its own; workers only accept on what is open.
//
// Without SO_REUSEPORT on purpose: a second program on the same address is a mistake
// that must be seen, and closing one of two such listeners resets those who wait in it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ringway::net {

// Why a socket is not as it is wanted, and what to do about it: neither is ever empty.
struct NoSocket {
  std::string what;
  std::string remedy;
};

// The listening fd (non-blocking, close-on-exec). `bind` as Address::parse() reads
// it; `unix_mode` are the permissions of a unix socket. Tries for about a second
// while the address is still taken: the kernel may be busy tearing down a
// predecessor that was killed. Blocks that long.
//
// "[::]:11211" listens on IPv6 alone, so that it can stand beside "0.0.0.0:11211".
// A unix socket file that nobody accepts on any more is replaced.
std::expected<int, NoSocket> open_listener(std::string_view bind, int backlog, mode_t unix_mode);

// A listener that goes on with another backlog and other permissions. Nobody who waits in it
// is touched.
std::expected<void, NoSocket> adjust_listener(int fd, int backlog, mode_t unix_mode);

// Ends a listener that no Io has in flight any more: closes it, and removes the
// file of a unix socket first, so that clients see at once that nobody is there. A file that
// somebody else has put there is left alone, as by adjust_listener().
void close_listener(int fd);

// The same without closing it: something is in flight on it, and the process ends.
void abandon_listener(int fd);

// Somebody has removed the file of this unix socket, or has put something there that is no
// socket: nobody can connect any more.
bool listener_is_lost(int fd);

}  // namespace ringway::net
