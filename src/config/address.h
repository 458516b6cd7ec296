// Addresses as text: what may stand in `bind` and in `servers`. Nothing is
// resolved here; numeric forms are checked, names only for what they are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringway/base/result.h"

namespace ringway::config {

struct HostPort {
  // Without brackets, an IPv6 address in its shortest spelling; empty for a unix socket.
  std::string host;
  std::string path;  // Of a unix socket; without "//" and "/./".
  std::uint32_t port = 0;
  bool numeric = false;  // An IPv4 or IPv6 address, not a name.

  bool unix_socket() const { return !path.empty(); }
};

// "10.0.0.1:11211", "[::1]:11211", "mc-1.prod:11211", "unix:/run/mc.sock".
Result<HostPort> parse_address(std::string_view text);

bool is_loopback(const HostPort& address);
bool is_wildcard(const HostPort& address);  // 0.0.0.0 or [::]

// The one spelling of all that mean the same address to listen on: "[0:0::1]:011311" is
// "[::1]:11311", "/run//web.sock" is "unix:/run/web.sock". What is no address stays.
std::string one_spelling(std::string_view bind);

}  // namespace ringway::config
