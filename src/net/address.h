// Where a socket listens or connects: IPv4, IPv6 or a unix path, as the kernel
// wants it. Parses numeric forms only; names are the resolver's business.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "ringway/base/result.h"

namespace ringway::net {

class Address {
 public:
  Address() = default;

  // "1.2.3.4:11211", "[::1]:11211", "unix:/run/web.sock", "/run/web.sock".
  // A host name fails: see resolver.h.
  static Result<Address> parse(std::string_view text);
  static Address from(const sockaddr* address, socklen_t length);

  // The inverse of parse(), for logs and error replies.
  std::string text() const;

  bool empty() const { return length_ == 0; }
  int family() const;  // AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC if empty.
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return length_; }
  std::uint16_t port() const;     // 0 for unix sockets.
  std::string_view path() const;  // Empty unless AF_UNIX.

  bool operator==(const Address& other) const;
  // IPv4 before IPv6, then as numbers: one order for all routers.
  std::strong_ordering operator<=>(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace ringway::net
